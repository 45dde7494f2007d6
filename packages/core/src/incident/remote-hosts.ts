import type { Incident } from '../contract/incident.ts';
import { isRecord } from '../contract/property.ts';
import { addressesIn } from './addresses.ts';

/** The names under which data that does not fit the form of a connection holds the address of its remote end. */
const REMOTE = /^(?:remote|src|source|peer|client)(?:[_.-]?(?:ip|addr|address|host|hostname))?$/i;

/** The properties of a remote end that name it. Sensors write an address into any of them. */
const END = ['host', 'hostname', 'ip', 'address'] as const;

function add(host: unknown, hosts: Set<string>): void {
  if (typeof host === 'string' && host !== '') hosts.add(host);
  const text = host instanceof Uint8Array ? Buffer.from(host).toString('latin1') : host;
  if (typeof text === 'string') for (const address of addressesIn(text)) hosts.add(address);
}

function collect(value: unknown, hosts: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, hosts);
  if (!isRecord(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (REMOTE.test(key) && isRecord(item)) for (const name of END) add(item[name], hosts);
    else if (REMOTE.test(key)) add(item, hosts);
    collect(item, hosts);
  }
}

/**
 * Every remote host that an incident names, each once, in the order of the data: host and host name of the remote end of each
 * connection (also of the parent and the child of a link), and an address under a name such as `remote_ip` or `src_ip` in data
 * that fits no schema. As written: an address in any spelling, or a name; also each address that is part of a name. `ignore`
 * of an entry, `forget` and the readers of attacks use it, so that they agree.
 */
export function remoteHostsOf({ data }: Pick<Incident, 'data'>): readonly string[] {
  const hosts = new Set<string>();
  collect(data, hosts);
  return [...hosts];
}
