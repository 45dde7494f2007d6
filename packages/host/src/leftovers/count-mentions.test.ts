import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { countInFile, createMentionCounter } from './count-mentions.ts';

async function* piecesOf(text: string, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size), 'latin1');
}

const text =
  '\0\xff{"a":"203.0.113.9"} 203.0.113.99 1203.0.113.9 http://203.0.113.9:80/ ::ffff:203.0.113.9 2001:DB8::1';

it.each([1, 2, 3, 7, 13, 64, 1000])(
  'a search for mentions finds each one once in pieces of %i bytes',
  async (size) => {
    const count = (...networks: string[]) => createMentionCounter(networks)(piecesOf(text, size));
    expect(await count('203.0.113.9')).toBe(3);
    expect(await count('203.0.113.0/24')).toBe(4);
    expect(await count('203.0.0.0/15', '198.51.100.1')).toBe(4);
    expect(await count('2001:db8::/32')).toBe(1);
    expect(await count('198.51.100.1')).toBe(0);
  },
);

it('a search for mentions reads compressed files, and reports damaged ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-leftovers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const whole = join(folder, 'whole.gz');
  const cut = join(folder, 'cut.gz');
  const empty = join(folder, 'empty');
  const packed = gzipSync(text);
  writeFileSync(whole, packed);
  writeFileSync(cut, packed.subarray(0, 40));
  writeFileSync(empty, '');
  const count = createMentionCounter(['203.0.113.9']);
  expect(await countInFile(whole, count)).toBe(3);
  expect(await countInFile(empty, count)).toBe(0);
  await expect(countInFile(cut, count)).rejects.toThrow('unexpected end of file');
});
