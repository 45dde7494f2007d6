import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Incident } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import dionaeaFollow from './follow/source.ts';
import dionaea from './index.ts';
import { createDurableHost, until } from './testing/durable-host.ts';
import { temporaryFile, temporaryFolder } from './testing/folder.ts';
import { runSource } from './testing/run-source.ts';

const accept = (id: string | number, more = '') =>
  `{"timestamp": "2026-11-22T06:24:54.818162", "name": "dionaea", "origin": "acme.${id}", "data": {"é": "😀${more}"}}`;

describe('a gzip file that is cut or damaged', () => {
  const lines = Array.from({ length: 3000 }, (_, index) => accept(index, String(Math.sin(index))));
  const packed = gzipSync(lines.join('\n'));

  it.each([
    ['in the middle', 0.5],
    ['within the first bytes that tell what it is', 0.04],
  ])('gives every whole line that comes before a cut %s, then says so', async (_where, share) => {
    const part = packed.subarray(0, Math.floor(packed.length * share));
    const readable = gunzipSync(part, { finishFlush: 2 }).toString('utf8').split('\n').length - 1;
    const file = temporaryFile(part);
    let taken: Incident[] = [];
    const failure = runSource(dionaea({ file }), {}, (brought) => {
      taken = brought.incidents;
      return {};
    });
    await expect(failure).rejects.toMatchObject({ code: 'TARGET_UNREADABLE' });
    await expect(failure).rejects.toThrow(/gzip data is cut/);
    expect(taken.length).toBe(readable);
    writeFileSync(file, packed);
    const last = taken.at(-1)?.id.split(':') ?? [];
    const rest = await runSource(dionaea({ file }), { [last[0] ?? '']: Number(last[1]) });
    expect(rest.incidents.length).toBe(3000 - readable);
  });

  it('gives what comes before a damaged byte', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, packed.length - 400, packed.length - 300);
    let taken: Incident[] = [];
    const failure = runSource(dionaea({ file: temporaryFile(damaged) }), {}, (brought) => {
      taken = brought.incidents;
      return {};
    });
    await expect(failure).rejects.toThrow(/gzip data is (damaged|cut)/);
    expect(taken.length).toBeGreaterThan(100);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['a missing file', () => join(temporaryFolder(), 'none'), /there is no such file/],
    ['a folder', () => temporaryFolder(), /this is a folder/],
    ['a file under a file', () => join(temporaryFile('x'), 'none'), /there is no such file/],
  ])('is said in one message: %s', async (_, make, found) => {
    const file = make();
    const failure = runSource(dionaea({ file }));
    await expect(failure).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringContaining(file),
    });
    await expect(failure).rejects.toThrow(found);
  });

  it('is told of options at once, all together', () => {
    const wrong = { file: 'relative', maxLine: '0kB', fromat: 'auto' };
    expect(() => dionaea(wrong)).toThrow(/file:[\s\S]*maxLine:[\s\S]*fromat/);
    expect(() => dionaea(wrong)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });
});

describe('a machine that lost power while dionaea wrote', () => {
  // What was not on the disk yet reads as NUL bytes; after its next start dionaea appends behind them.
  const before = `${accept('before')}\n`;
  const after = `${accept('after')}\n`;
  const text = Buffer.concat([Buffer.from(before), Buffer.alloc(3_000_000), Buffer.from(after)]);
  const lost = {
    offset: Buffer.byteLength(before),
    length: 3_000_000,
    reason: expect.stringContaining('lost power'),
  };

  it('costs an import what was not on the disk, and nothing else', async () => {
    const { incidents, rejects } = await runSource(dionaea({ file: temporaryFile(text) }));
    expect(incidents.map(({ origin }) => origin)).toEqual(['acme.before', 'acme.after']);
    expect(rejects).toMatchObject([lost]);
  });

  it('costs whoever follows the file no more', async () => {
    const file = temporaryFile(text.subarray(0, 2_000_000));
    const host = createDurableHost();
    const { stop } = host.run(dionaeaFollow({ file, poll: '5ms' }));
    await until(() => host.incidents.length === 1, 'the first came');
    appendFileSync(file, text.subarray(2_000_000));
    await until(() => host.incidents.length === 2, 'the one behind the NULs came');
    await stop();
    expect(host.rejects).toMatchObject([lost]);
  });
});
