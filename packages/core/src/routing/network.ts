import { isIP, SocketAddress } from 'node:net';

/** The numbers of an address: 4 of an IPv4 one, 8 of an IPv6 one. */
function numbersOf(address: string): readonly number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  // The canonical spelling has at most one `::`, and IPv4 notation only in a mapped address.
  const { address: text } = new SocketAddress({ address, family: 'ipv6' });
  const words = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [before = '', after] = words.split('::');
  const [head = [], tail = []] = [before, after ?? ''].map((part) => part.split(':').filter(Boolean));
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(zeros).fill('0'), ...tail].map((word) => Number.parseInt(word, 16));
}

/**
 * A network in CIDR notation with its first address, so that the user sees what is meant: `192.0.2.7/24` becomes
 * `192.0.2.0/24`. An address without a prefix stays as it is. The network must be valid.
 */
export function normalizeNetwork(network: string): string {
  const [address = '', prefix] = network.split('/');
  if (prefix === undefined) return network;
  const numbers = numbersOf(address);
  const width = numbers.length === 4 ? 8 : 16;
  const first = numbers.map((number, index) => {
    const free = Math.min(width, Math.max(0, (index + 1) * width - Number(prefix)));
    return number - (number % 2 ** free);
  });
  if (first.every((number, index) => number === numbers[index])) return network;
  if (width === 8) return `${first.join('.')}/${prefix}`;
  const text = first.map((number) => number.toString(16)).join(':');
  return `${new SocketAddress({ address: text, family: 'ipv6' }).address}/${prefix}`;
}
