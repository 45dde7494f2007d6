/** The text that every spelling of an address of an IPv4 network begins with; undefined when there is none. */
function prefixOf(network: string): string | undefined {
  const [, a = '', b = '', c = '', d = '', bits = '32'] =
    /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(network) ?? [];
  const whole = Math.floor(Number(bits) / 8);
  if (d === '' || whole === 0) return undefined;
  return whole === 4 ? `${a}.${b}.${c}.${d}` : `${[a, b, c].slice(0, whole).join('.')}.`;
}

/**
 * Texts of which at least one occurs wherever an address of these networks is written, so that other bytes need no closer
 * look; undefined when there are none, as for IPv6. `ffff:` begins an IPv4 address that is mapped into IPv6.
 */
export function needlesOf(networks: readonly string[]): readonly string[] | undefined {
  const prefixes = networks.map(prefixOf);
  return prefixes.includes(undefined)
    ? undefined
    : [...prefixes.flatMap((prefix) => prefix ?? []), 'ffff:', 'FFFF:'];
}
