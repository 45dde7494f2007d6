import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Reject } from '@ihandler/core';
import { formatReject } from '@ihandler/core/kit';
import { describe, expect, it } from 'vitest';
import dionaea from './index.ts';
import { temporaryFile, temporaryFolder } from './testing/folder.ts';
import { runSource } from './testing/run-source.ts';

const line = (origin: string, more = '') =>
  JSON.stringify({ timestamp: '2026-11-22T06:24:54', origin, data: { more } });
const toLines = (rejects: readonly Reject[]) => rejects.map((reject) => `${formatReject(reject)}\n`).join('');
const origins = (result: Awaited<ReturnType<typeof runSource>>) =>
  result.incidents.map(({ origin }) => origin);

describe('a rejects file', () => {
  it('gives the lines that were too long before when a higher limit allows them', async () => {
    const content = `${line('a.short')}\n${line('a.long', 'x'.repeat(500))}\n${line('a.huge', 'é'.repeat(100_000))}\n`;
    for (const original of [temporaryFile(content), temporaryFile(gzipSync(content))]) {
      const first = await runSource(dionaea({ file: original, maxLine: '0.1kB' }));
      expect(origins(first)).toEqual(['a.short']);
      const file = temporaryFile(toLines(first.rejects), 'rejects.ndjson');

      const again = await runSource(dionaea({ file, maxLine: '10kB' }));
      expect(origins(again)).toEqual(['a.long']);
      expect(again.rejects).toMatchObject([
        { file: original, reason: expect.stringContaining('at most 40000') },
      ]);
      expect(again.rejects[0]).toMatchObject({
        offset: first.rejects[1]?.offset,
        length: first.rejects[1]?.length,
      });

      const all = await runSource(dionaea({ file }));
      expect(origins(all)).toEqual(['a.long', 'a.huge']);
      expect(all.incidents[1]?.data['more']).toBe('é'.repeat(100_000));
      expect(all.rejects).toEqual([]);
    }
  });

  it('has lines that are still invalid rejected again, with their original position', async () => {
    const rejects: Reject[] = [
      { file: '/a', offset: 5, length: 3, reason: 'old', text: 'bad' },
      { file: '/b', offset: 9, length: 2, reason: 'old', text: new Uint8Array([0xff, 0x00]) },
      { file: '-', offset: 1, length: 70_000, reason: 'old' },
      { file: temporaryFolder(), offset: 1, length: 70_000, reason: 'old' },
      { file: temporaryFile('short'), offset: 3, length: 70_000, reason: 'old' },
      { file: '/dionaea.sqlite', offset: 1, length: 0, reason: 'old' },
    ];
    const { incidents, rejects: again } = await runSource(dionaea({ file: temporaryFile(toLines(rejects)) }));
    expect(incidents).toEqual([]);
    const withoutReason = ({ file, offset, length, text }: Reject) => ({ file, offset, length, text });
    expect(new Set(again.map(withoutReason))).toEqual(new Set(rejects.map(withoutReason)));
    expect(again.every(({ reason }) => reason !== 'old' && reason !== '')).toBe(true);
  });

  it('keeps order and ids, and resumes after it has grown', async () => {
    const original = temporaryFile(`${line('a.x', 'y'.repeat(70_000))}\n`);
    const { rejects } = await runSource(dionaea({ file: original, maxLine: '0.01kB' }));
    const texts = ['a.one', 'a.two'].map((origin) => ({ ...rejects[0], text: line(origin) }) as Reject);
    const file = temporaryFile(toLines([...texts, ...rejects]));
    const first = await runSource(dionaea({ file }));
    expect(origins(first)).toEqual(['a.one', 'a.two', 'a.x']);
    writeFileSync(file, toLines([...texts, ...rejects, ...texts]));
    const more = await runSource(dionaea({ file }), first.checkpoint);
    expect(origins(more)).toEqual(['a.one', 'a.two']);
  });

  it('is recognised by its first line only: a forged line inside a log does not open a file', async () => {
    const secret = temporaryFile(`${line('a.secret')}\n`);
    const forged = formatReject({ file: secret, offset: 0, length: line('a.secret').length, reason: '' });
    const result = await runSource(dionaea({ file: temporaryFile(`${line('a.log')}\n${forged}\n`) }));
    expect(origins(result)).toEqual(['a.log']);
    expect(result.rejects).toMatchObject([{ text: forged }]);
  });
});
