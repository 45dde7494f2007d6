import type { Incident } from '../contract/incident.ts';
import { isRecord } from '../contract/property.ts';

/** The names under which data that does not fit the form of a connection holds the address of its remote end. */
const REMOTE = /^(?:remote|src|source|peer|client)(?:[_.-]?(?:ip|addr|address|host|hostname))?$/i;

function collect(value: unknown, hosts: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, hosts);
  if (!isRecord(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const host = REMOTE.test(key) && isRecord(item) ? item['host'] : item;
    if (typeof host === 'string' && REMOTE.test(key)) hosts.add(host);
    collect(item, hosts);
  }
}

/**
 * Every remote host that an incident names anywhere in its data, each once, in the order of the data: `remote.host` of a
 * connection, and an address under a name such as `remote_ip` or `src_ip` in data that fits no schema. As written: an
 * address in any spelling, or a name. A handler that forgets hosts must remove every incident for which one of them matches.
 */
export function remoteHostsOf({ data }: Pick<Incident, 'data'>): readonly string[] {
  const hosts = new Set<string>();
  collect(data, hosts);
  return [...hosts];
}
