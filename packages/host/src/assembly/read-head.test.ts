import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { readHead } from './read-head.ts';

const large = Buffer.alloc(300_000, 'abcdefgh');

test('readHead reads the first 64 KiB, uncompressed', async () => {
  const world = createFolder();
  const plain = await readHead(world.write('a', large));
  expect(Buffer.from(plain).equals(large.subarray(0, 65_536))).toBe(true);
  const unzipped = await readHead(world.write('b', gzipSync(large)));
  expect(Buffer.from(unzipped).equals(large.subarray(0, 65_536))).toBe(true);
});

test('readHead reads a short file, an empty one and a truncated gzip file', async () => {
  const world = createFolder();
  expect(await readHead(world.write('a', 'abc'))).toHaveLength(3);
  expect(await readHead(world.write('b', ''))).toHaveLength(0);
  const zipped = gzipSync(Buffer.from(Array.from({ length: 20_000 }, (_, n) => (n * 7919) % 256)), {
    level: 0,
  });
  expect((await readHead(world.write('c', zipped.subarray(0, 9000)))).length).toBeGreaterThan(0);
});

test('readHead fails for a file with an invalid gzip stream', async () => {
  const world = createFolder();
  await expect(
    readHead(world.write('a', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))),
  ).rejects.toThrow();
});

test('looks past megabytes of NUL bytes at the beginning', async () => {
  const world = createFolder();
  const file = world.write('a', Buffer.concat([Buffer.alloc(3_000_000), Buffer.from('{"a":1}')]));
  expect(Buffer.from(await readHead(file)).toString()).toBe('{"a":1}');
});
