import { isIP } from 'node:net';
import type { Incident } from '../../contract/incident.ts';
import type { Origins } from '../../contract/meaning/origins.ts';
import { isRecord } from '../../contract/property.ts';
import { parseIpv4 } from './ipv4-words.ts';
import { type Ipv6, parseIpv6 } from './ipv6-words.ts';

/** The addresses of a sensor that one incident names. */
export interface OwnAddresses {
  /** Each as a number of 32 bits. */
  readonly ipv4: ReadonlySet<number>;
  /** The IPv6 addresses, and the IPv4 addresses in mapped form. */
  readonly ipv6: readonly Ipv6[];
  /** Whether a local end has a name in place of an address. The name is replaced there only. */
  readonly hasName: boolean;
}

/** The properties of a local end that name it. */
export const END_NAMES = ['host', 'hostname', 'ip', 'address'] as const;

/** The most IPv6 addresses to look for. A sensor has a few; the time of a search grows with their number. */
const MOST_IPV6 = 16;
/** The longest spelling of an IPv6 address. */
const LONGEST = 45;
const MAPPED: Ipv6 = [0, 0, 0, 0, 0, 0xffff];

/** Names of the sensor's own end in data without a schema, such as `dst_ip`. */
const OWN_NAME = /^(?:local|dst|dest|destination|server|sensor)_?(?:ip|addr|address|host)$/i;

/** Loopback and unspecified addresses say nothing about a sensor. */
function isTelling(value: number): boolean {
  return value !== 0 && value >>> 24 !== 127;
}

function isTellingIpv6(groups: Ipv6): boolean {
  return groups.slice(0, -1).some((group) => group !== 0) || (groups[7] ?? 0) > 1;
}

function mappedIpv4(groups: Ipv6): number | undefined {
  if (!MAPPED.every((group, index) => groups[index] === group)) return undefined;
  return (((groups[6] ?? 0) << 16) | (groups[7] ?? 0)) >>> 0;
}

/** Collects addresses, without those that say nothing. */
class Collector implements OwnAddresses {
  readonly ipv4 = new Set<number>();
  readonly ipv6: Ipv6[] = [];
  hasName = false;
  readonly #known = new Set<string>();

  add(host: unknown): void {
    if (typeof host !== 'string' || host.length > LONGEST || this.#known.has(host)) return;
    this.#known.add(host);
    const value = parseIpv4(host);
    const groups = value === undefined ? parseIpv6(host) : undefined;
    const plain = value ?? (groups && mappedIpv4(groups));
    if (plain !== undefined && isTelling(plain)) this.#addIpv4(plain);
    else if (plain === undefined && groups !== undefined && isTellingIpv6(groups)) this.#addIpv6(groups);
  }

  /** Adds what a local end is called. */
  addEnd(host: unknown): void {
    if (typeof host !== 'string' || host === '') return;
    if (isIP(host) === 0) this.hasName = true;
    else this.add(host);
  }

  #addIpv4(value: number): void {
    if (this.ipv4.has(value)) return;
    this.ipv4.add(value);
    this.#addIpv6([...MAPPED, value >>> 16, value & 0xffff]);
  }

  #addIpv6(groups: Ipv6): void {
    if (this.ipv6.length < MOST_IPV6) this.ipv6.push(groups);
  }
}

function collect(value: unknown, hasSchema: boolean, found: Collector): void {
  if (Array.isArray(value)) for (const item of value) collect(item, hasSchema, found);
  if (!isRecord(value) || ArrayBuffer.isView(value)) return;
  const { local } = value;
  if (isRecord(local)) for (const name of END_NAMES) found.addEnd(local[name]);
  for (const key in value) {
    if (!hasSchema && OWN_NAME.test(key)) found.add(value[key]);
    collect(value[key], hasSchema, found);
  }
}

/**
 * The sensor's own addresses in an incident: the local ends of its connections and, when its data has no schema, values of
 * names such as `dst_ip`. Undefined when there is none.
 */
export function ownAddressesOf(
  { origin, data, misfit }: Incident,
  origins: Pick<Origins, 'has'>,
): OwnAddresses | undefined {
  const found = new Collector();
  collect(data, misfit === undefined && origins.has(origin), found);
  return found.ipv6.length > 0 || found.hasName ? found : undefined;
}
