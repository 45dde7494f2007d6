import { BlockList, isIP, SocketAddress } from 'node:net';
import { IhandlerError } from '../contract/error.ts';
import type { Incident } from '../contract/incident.ts';
import { property } from '../contract/property.ts';
import { remoteHostsOf } from '../incident/remote-hosts.ts';
import type { HandlerEntry } from './handler-entry.ts';

/** Whether an incident passes the filters of an entry. Its origin matches the handler already. */
export type EntryFilter = (incident: Incident) => boolean;

/** An address in the form that is compared: an IPv4 address mapped into IPv6 is IPv4. */
interface Address {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
  /** How many bits of a prefix belong to the mapping. */
  readonly mappingBits: 0 | 96;
}

const MAPPED = '::ffff:';

function addressOf(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { text, family: 'ipv4', mappingBits: 0 };
  if (family !== 6) return undefined;
  // Safe to parse: it is an address. The result is its canonical spelling, without a zone.
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const inner = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : '';
  return isIP(inner) === 4
    ? { text: inner, family: 'ipv4', mappingBits: 96 }
    : { text: address, family: 'ipv6', mappingBits: 0 };
}

function invalid(setting: string, expected: string, found: unknown): IhandlerError {
  return new IhandlerError(
    'OPTIONS_INVALID',
    `"${setting}": expected ${expected}, found ${JSON.stringify(found)?.slice(0, 80) ?? typeof found}.`,
  );
}

/** One list for each family: in a single BlockList, `::/0` would contain every IPv4 address. */
interface Networks {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

function addTo(networks: Networks, rule: unknown, setting: string): void {
  const [, host = '', bits] = (typeof rule === 'string' && /^([^/]*)(?:\/(\d{1,3}))?$/.exec(rule)) || [];
  const address = addressOf(host);
  const longest = address?.family === 'ipv6' || address?.mappingBits === 96 ? 128 : 32;
  const prefix = Number(bits ?? longest);
  if (address === undefined || prefix > longest || prefix < address.mappingBits)
    throw invalid(setting, 'addresses and networks such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32', rule);
  networks[address.family].addSubnet(address.text, prefix - address.mappingBits, address.family);
}

/**
 * Returns a test whether a host is in one of these networks, given as addresses or in CIDR notation. An IPv4 address mapped
 * into IPv6 equals that IPv4 address. A host that is a name is in none. Throws `OPTIONS_INVALID`, which names `setting`, for
 * an invalid network.
 */
export function withinNetworks(
  rules: readonly string[],
  setting: string = 'networks',
): (host: string) => boolean {
  const networks: Networks = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const rule of rules) addTo(networks, rule, setting);
  return (host) => {
    const address = addressOf(host);
    return address !== undefined && networks[address.family].check(address.text, address.family);
  };
}

function protocolTest(names: readonly string[]): (protocol: string) => boolean {
  const wanted = new Set<string>();
  const unwanted = new Set<string>();
  for (const name of names) {
    const [, minus, protocol] = /^(-?)([^\s,-][^\s,]*)$/.exec(name) ?? [];
    if (protocol === undefined)
      throw invalid('protocols', 'names of protocols such as "smbd", or "-smbd" for all but that', name);
    (minus === '-' ? unwanted : wanted).add(protocol.toLowerCase());
  }
  return (protocol) => {
    const name = protocol.toLowerCase();
    return (wanted.size === 0 || wanted.has(name)) && !unwanted.has(name);
  };
}

/** The connection an incident is about: `connection`, or the `child` of a link. Its data need not fit any schema. */
function connectionOf({ data }: Incident): unknown {
  return property(data, 'connection') ?? property(data, 'child');
}

/**
 * Compiles `ignore` and `protocols` of an entry; undefined when it has neither, so that a filter costs only where it is set.
 * Throws `OPTIONS_INVALID` for an invalid address, network or protocol.
 */
export function compileEntryFilter({
  ignore = [],
  protocols = [],
}: Pick<HandlerEntry, 'ignore' | 'protocols'>): EntryFilter | undefined {
  const isIgnored = ignore.length === 0 ? undefined : withinNetworks(ignore, 'ignore');
  const isChosen = protocols.length === 0 ? undefined : protocolTest(protocols);
  if (isIgnored === undefined && isChosen === undefined) return undefined;
  return (incident) => {
    const connection = connectionOf(incident);
    const protocol = isChosen && property(connection, 'protocol');
    if (typeof protocol === 'string' && !isChosen?.(protocol)) return false;
    return isIgnored === undefined || !remoteHostsOf(incident).some(isIgnored);
  };
}
