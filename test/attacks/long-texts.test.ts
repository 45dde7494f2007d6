import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionNode, formatAttack } from '@ihandler/attack-log';
import { createIncident, decodeIncident, encodeIncident, escapeControls } from '@ihandler/core';
import {
  addresses,
  describeFailure,
  describeValue,
  maskSensor,
  remoteHostsOf,
  withinNetworks,
} from '@ihandler/core/kit';
import { createOrigins } from '@ihandler/core/origins';
import logText from '@ihandler/log-text';
import { exampleOrigins, handlerContext } from '@ihandler/testkit';
import { afterAll, describe, expect, it } from 'vitest';

const origins = createOrigins([exampleOrigins]);

const folder = mkdtempSync(join(tmpdir(), 'ihandler-long-texts-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Parts that, repeated, take long in patterns that try each beginning with each end. */
const parts = {
  digits: '0',
  dots: '.',
  'parts of an address': '1.1.1.',
  colons: ':',
  'parts of an IPv6 address': 'ffff:',
  'mapped addresses': '::ffff:192.0.2.',
  slashes: '/',
  backslashes: '\\',
  blanks: ' ',
  tabs: '\t',
  returns: '\r',
  'line feeds': '\n',
  'zero bytes': '\0',
  quotes: '"',
  braces: '{',
  'escape sequences': '\u001b[',
  'lone surrogates': '\ud800',
  dates: '-00000000',
  'stack frames': 'at /',
  words: 'stanza',
  addresses: '192.0.2.1 ',
  URLs: 'http://a',
};

const LENGTH = 1_000_000;
/** Processor time, in milliseconds. Quadratic time would be minutes. */
const MOST = 3000;

function processorTime(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function incidentOf(text: string) {
  const connection = {
    ...{ id: 'c', protocol: 'smbd', transport: 'tcp', local: { host: '192.0.2.1', port: 1 } },
    remote: { host: '198.51.100.7', port: 2, hostname: text },
  };
  const data = { connection, username: text, password: text, src_ip: text };
  return createIncident({
    ...{ id: 's:1', origin: 'dionaea.modules.python.mysql.login', timestamp: 1, sensor: 's', data },
  });
}

const isForgotten = withinNetworks(['203.0.113.0/24', '2001:db8::/32']);

const functions: Readonly<Record<string, (text: string) => unknown>> = {
  'addresses.in': (text) => addresses.in(text),
  'addresses.areNamed': (text) => addresses.areNamed({ a: text, [text]: Buffer.from(text) }, isForgotten),
  'addresses.without': (text) => addresses.without(`${text} 203.0.113.9`, isForgotten),
  remoteHostsOf: (text) => remoteHostsOf(incidentOf(text)),
  maskSensor: (text) => maskSensor(incidentOf(text), origins),
  'encoding and decoding': (text) => decodeIncident(encodeIncident(incidentOf(text))),
  escapeControls: (text) => escapeControls(text),
  describeValue: (text) => describeValue(text),
  describeFailure: (text) => describeFailure(new Error(`${text}\n    at ${text}(/:0:0`)),
  'the tree': (text) => {
    const row = { connection_timestamp: 1, connection_protocol: text, remote_host: text, local_host: text };
    // Safe: the tree reads only these parts; every other table is empty.
    const tables: ConnectionNode['details'] = new Proxy({} as ConnectionNode['details'], {
      get: (_, table) => (table === 'logins' ? [{ login_username: text, login_password: text }] : []),
    });
    return formatAttack({ row, details: tables, children: [] });
  },
};

describe('texts of a megabyte from an attacker take linear time', () => {
  it.each(Object.keys(functions))(
    'in %s',
    (name) => {
      const run = functions[name];
      const slow = Object.entries(parts).filter(([, part]) => {
        const text = part.repeat(LENGTH / part.length);
        return processorTime(() => [text, `${text}x`, `x${text}x`].map((one) => run?.(one))) > MOST;
      });
      expect(slow.map(([part]) => part)).toEqual([]);
    },
    120_000,
  );

  it.each([
    { format: 'lines' },
    { format: 'dionaea' },
    { format: 'json' },
    { template: '{timestamp} {data.username}' },
  ] as const)(
    'in log-text with the options %j',
    async (options) => {
      const handler = logText({ file: join(folder, 'a.log'), ...options });
      const { context } = handlerContext({ dataDir: folder });
      await handler.start?.(context);
      for (const part of Object.values(parts)) {
        const before = process.cpuUsage();
        await handler.write([incidentOf(part.repeat(LENGTH / part.length))], {}, context);
        expect(process.cpuUsage(before).user / 1000).toBeLessThan(MOST);
      }
      await handler.close?.();
    },
    120_000,
  );
});
