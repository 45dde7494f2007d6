import { readFileSync } from 'node:fs';
import { createOrigins, describeOrigins } from '@ihandler/core/origins';
import { recording } from '@ihandler/test-support/recordings';
import { expect, test } from 'vitest';
import { origins, shared } from './index.ts';

const { has, misfitOf } = createOrigins([describeOrigins(origins, shared)]);

type Wire = { readonly [key: string]: unknown };

/** Converts a value of log_incident to the form of core. Only connections differ. */
function ours(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ours);
  // Safe: an object that is neither null nor an array is a record.
  const wire = value as Wire;
  if (!('remote_ip' in wire))
    return Object.fromEntries(Object.entries(wire).map(([key, item]) => [key, ours(item)]));
  const { id, protocol, transport, local_ip, local_port, remote_ip, remote_port, remote_hostname } = wire;
  return {
    id,
    protocol,
    transport,
    local: { host: local_ip, port: local_port },
    remote: { host: remote_ip, port: remote_port, hostname: remote_hostname },
  };
}

test.each([
  ['seed-attack.ndjson', 1412],
  ['dionaea-a/log_incident.ndjson', 243],
  ['dionaea-c/log_incident.ndjson', 247],
])('every incident of %s fits its schema', (name, count) => {
  const text = readFileSync(recording(name), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  expect(lines).toHaveLength(count);
  for (const line of lines) {
    const { origin, data } = JSON.parse(line) as { origin: string; data: Wire };
    expect(has(origin), origin).toBe(true);
    expect(misfitOf(origin, ours(data) as object), line).toBeUndefined();
  }
});
