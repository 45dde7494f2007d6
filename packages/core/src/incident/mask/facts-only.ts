import { isIP } from 'node:net';
import type { Incident, UntypedData, Value } from '../../contract/incident.ts';
import { isRecord } from '../../contract/property.ts';
import type { OriginRegistry } from '../../origins/create-origins.ts';
import { withData } from './mask-sensor.ts';
import { MASKED } from './mask-text.ts';

/** Names of a hash of a file, and the form of its value. */
const HASH_NAME = /^(?:md5|sha1|sha256|sha512)(?:hash)?$/;
const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/;
/** What sensors call protocols, transports and connections. */
const WORD = /^[A-Za-z0-9_-]{0,64}$/;

function wordOf(value: unknown): string {
  return typeof value === 'string' && WORD.test(value) ? value : '';
}

function portOf(end: unknown): number {
  const port = isRecord(end) ? end['port'] : undefined;
  return typeof port === 'number' ? port : 0;
}

/** A connection without its host names; undefined for any other value. */
function connectionFacts(value: Value): Value | undefined {
  if (!isRecord(value) || !isRecord(value['local']) || !isRecord(value['remote'])) return undefined;
  const { id, protocol, transport, local, remote } = value;
  const host = remote['host'];
  return {
    id: wordOf(id),
    protocol: wordOf(protocol),
    transport: wordOf(transport),
    local: { host: MASKED, port: portOf(local) },
    remote: {
      host: typeof host === 'string' && isIP(host) !== 0 ? host : '',
      port: portOf(remote),
      hostname: '',
    },
  };
}

function factsOf(key: string, value: Value): Value {
  if (typeof value === 'string') return HASH_NAME.test(key) && HASH.test(value) ? value : '';
  if (ArrayBuffer.isView(value)) return '';
  if (Array.isArray(value)) return value.map((item: Value) => factsOf('', item));
  return isRecord(value) ? (connectionFacts(value) ?? {}) : value;
}

const noKeys: ReadonlySet<string> = new Set();

/**
 * The incident with what a sensor measures, and without anything that an attacker wrote: numbers, the ends of connections, and
 * hashes of files stay; texts and bytes become empty, nested records too. Keys that
 * the schema of the origin does not name are left out, so an incident whose data fits no schema has no data.
 * Every local end becomes `127.0.0.1`; mask the incident first, so that a remote end that is the sensor itself does, too.
 */
export function factsOnly(incident: Incident, origins: Pick<OriginRegistry, 'keysOf'>): Incident {
  const { origin, data, misfit } = incident;
  const known = misfit === undefined ? origins.keysOf(origin) : noKeys;
  const facts = Object.entries(data).flatMap(([key, value]) =>
    known.has(key) ? [[key, factsOf(key, value as Value)]] : [],
  );
  // Safe: the values of a record of values are values.
  return withData(incident, Object.fromEntries(facts) as UntypedData);
}
