import type { Incident, UntypedData, Value } from '../contract/incident.ts';
import { isRecord } from '../contract/property.ts';
import { createIncident } from '../incident/create-incident.ts';

/** The address that replaces the sensor's own. */
const MASKED = '127.0.0.1';
const MAPPED = '::ffff:';

/** Collects the local addresses of every connection in some data. */
function localHosts(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) localHosts(item, found);
  if (!isRecord(value)) return;
  const host = isRecord(value['local']) ? value['local']['host'] : undefined;
  if (typeof host === 'string' && host.length > 2) {
    found.add(host);
    if (host.startsWith(MAPPED)) found.add(host.slice(MAPPED.length));
  }
  for (const key in value) localHosts(value[key], found);
}

/** The last finder: most sensors have one address, and making a finder costs more than using it. */
let last = { hosts: '', finder: /(?!)/g };

/** Matches whole addresses in a text, not parts of longer ones. A port may follow. */
function finderOf(hosts: ReadonlySet<string>): RegExp {
  const key = [...hosts].join(' ');
  if (key !== last.hosts) last = { hosts: key, finder: makeFinder(hosts) };
  return last.finder;
}

function makeFinder(hosts: ReadonlySet<string>): RegExp {
  const words = [...hosts]
    .sort((a, b) => b.length - a.length)
    .map((host) => {
      const word = host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return host.includes(':')
        ? `(?<![0-9A-Fa-f:.])${word}(?![0-9A-Fa-f]|[:.][0-9A-Fa-f])`
        : `(?<![0-9.])${word}(?![0-9]|\\.[0-9])`;
    });
  return new RegExp(words.join('|'), 'gi');
}

function masked(value: Value, finder: RegExp): Value {
  if (typeof value === 'string') return value.replace(finder, MASKED);
  if (ArrayBuffer.isView(value)) {
    // In Latin-1 one byte is one character, so that no other byte changes.
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
    const changed = text.replace(finder, MASKED);
    return changed === text ? value : new Uint8Array(Buffer.from(changed, 'latin1'));
  }
  if (Array.isArray(value)) return value.map((item: Value) => masked(item, finder));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, finder)]));
}

/**
 * The incident without the sensor's own address: `127.0.0.1` replaces every local address of its connections wherever it
 * occurs, in connections, texts and bytes. Id and ports stay. Returns the same incident when it has no local address. For
 * handlers that send incidents off the machine and mask them by their own rules; otherwise the setting `mask` does it.
 */
export function maskSensor(incident: Incident): Incident {
  const hosts = new Set<string>();
  localHosts(incident.data, hosts);
  hosts.delete(MASKED);
  if (hosts.size === 0) return incident;
  const { id, origin, timestamp, sensor, data, local, misfit } = incident;
  // Safe: masking a record keeps it a record.
  const changed = masked(data, finderOf(hosts)) as UntypedData;
  const made = createIncident({ id, origin, timestamp, sensor, data: changed, local });
  // createIncident does not know schemas that handlers declare, so their misfit is carried over.
  return misfit === undefined || made.misfit !== undefined ? made : Object.freeze({ ...made, misfit });
}
