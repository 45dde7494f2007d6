import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { addresses, withinNetworks } from '@ihandler/core/kit';
import { needlesOf } from './search-needles.ts';

/** Counts how often addresses stand in the bytes of a stream. */
export type CountMentions = (bytes: AsyncIterable<Buffer>) => Promise<number>;

/** No spelling of an address is longer, in bytes. */
const LONGEST = 64;

/**
 * Counts the mentions of addresses in these networks, in any bytes: text, or the pages of a database. Each chunk keeps its end
 * for the next one, so that an address across both is found, once.
 */
export function createMentionCounter(networks: readonly string[]): CountMentions {
  const isForgotten = withinNetworks(networks);
  const needles = needlesOf(networks);
  const mentionsIn = (bytes: Buffer) =>
    needles === undefined || needles.some((needle) => bytes.includes(needle, 0, 'latin1'))
      ? addresses.in(bytes.toString('latin1')).filter(isForgotten).length
      : 0;

  return async (bytes) => {
    let found = 0;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of bytes) {
      const all = Buffer.concat([rest, chunk]);
      const end = boundary(all);
      found += mentionsIn(all.subarray(0, end));
      rest = all.subarray(end);
    }
    return found + mentionsIn(rest);
  };
}

/** Where the last bytes begin that may be a part of an address that continues in the next chunk. */
function boundary(bytes: Buffer): number {
  const earliest = Math.max(0, bytes.length - LONGEST);
  for (let at = bytes.length; at > earliest; at -= 1) if (!isPart(bytes[at - 1])) return at;
  return earliest;
}

/** Whether a byte may be a part of an address: a letter, a digit, a dot or a colon. */
function isPart(byte: number | undefined): boolean {
  return byte !== undefined && /[\w.:]/.test(String.fromCharCode(byte));
}

/** Counts the mentions in a file; in one that is compressed with gzip, those in its content. Rejects when it cannot be read. */
export async function countInFile(path: string, count: CountMentions): Promise<number> {
  const file = await open(path);
  const head = Buffer.alloc(2);
  await file.read(head, 0, 2, 0).finally(() => file.close());
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  if (head.readUInt16BE() !== 0x1f8b) return count(stream);
  let found = 0;
  await pipeline(stream, createGunzip(), async (content: AsyncIterable<Buffer>) => {
    found = await count(content);
  });
  return found;
}
