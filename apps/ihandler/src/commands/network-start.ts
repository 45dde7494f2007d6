import { isIP, SocketAddress } from 'node:net';

function groups(address: string): readonly number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  // One canonical spelling, in which at most one `::` stands for zeros and nothing is written as IPv4 but what is wrapped.
  const { address: text } = new SocketAddress({ address, family: 'ipv6' });
  const words = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [before = '', after] = words.split('::');
  const [head, tail] = [before, after ?? ''].map((part) => part.split(':').filter(Boolean));
  const zeros = after === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  return [...(head ?? []), ...Array<string>(zeros).fill('0'), ...(tail ?? [])].map((word) =>
    Number.parseInt(word, 16),
  );
}

/** Whether a network in CIDR notation names the first of its addresses: `192.0.2.0/24` does, `192.0.2.7/24` does not. */
export function isNetworkStart(network: string): boolean {
  const [address = '', prefix] = network.split('/');
  if (prefix === undefined) return true;
  const parts = groups(address);
  const width = parts.length === 4 ? 8 : 16;
  return parts.every((part, index) => {
    const free = Math.min(width, Math.max(0, (index + 1) * width - Number(prefix)));
    return part % 2 ** free === 0;
  });
}
