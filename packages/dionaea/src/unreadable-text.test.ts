import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Incident } from '@ihandler/core';
import { createDurableHost, until } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import dionaeaFollow from './follow/source.ts';
import dionaea from './index.ts';
import { temporaryFile, temporaryFolder } from './testing/folder.ts';
import { runSource } from './testing/run-source.ts';

const accept = (id: string | number, more = '') =>
  `{"timestamp": "2026-11-22T06:24:54.818162", "name": "dionaea", "origin": "acme.${id}", "data": {"é": "😀${more}"}}`;

describe('an incomplete or damaged gzip file', () => {
  const lines = Array.from({ length: 3000 }, (_, index) => accept(index, String(Math.sin(index))));
  const packed = gzipSync(lines.join('\n'));

  it.each([
    ['in the middle', 0.5],
    ['within the bytes that identify it', 0.04],
  ])('gives every complete line before it ends %s, then an error', async (_where, share) => {
    const part = packed.subarray(0, Math.floor(packed.length * share));
    const readable = gunzipSync(part, { finishFlush: 2 }).toString('utf8').split('\n').length - 1;
    const file = temporaryFile(part);
    let incidents: Incident[] = [];
    const failure = runSource(dionaea({ file }), {}, (result) => {
      incidents = result.incidents;
      return {};
    });
    await expect(failure).rejects.toMatchObject({ code: 'TARGET_UNREADABLE' });
    await expect(failure).rejects.toThrow(/gzip data is incomplete/);
    expect(incidents.length).toBe(readable);
    writeFileSync(file, packed);
    const last = incidents.at(-1)?.id.split(':') ?? [];
    const rest = await runSource(dionaea({ file }), { [last[0] ?? '']: Number(last[1]) });
    expect(rest.incidents.length).toBe(3000 - readable);
  });

  it('gives the lines before a damaged byte, then an error', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, packed.length - 400, packed.length - 300);
    let incidents: Incident[] = [];
    const failure = runSource(dionaea({ file: temporaryFile(damaged) }), {}, (result) => {
      incidents = result.incidents;
      return {};
    });
    await expect(failure).rejects.toThrow(/gzip data is (damaged|incomplete)/);
    expect(incidents.length).toBeGreaterThan(100);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['a missing file', () => join(temporaryFolder(), 'missing'), /file not found/],
    ['a folder', () => temporaryFolder(), /this is a folder/],
    ['a file under a file', () => join(temporaryFile('x'), 'missing'), /file not found/],
  ])('ends the run with one message: %s', async (_, make, problem) => {
    const file = make();
    const failure = runSource(dionaea({ file }));
    await expect(failure).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringContaining(file),
    });
    await expect(failure).rejects.toThrow(problem);
  });
});

describe('the options of dionaea', () => {
  it('are checked at once, with all problems together', () => {
    const invalid = { file: 'relative', maxLine: '0kB', fromat: 'auto' };
    expect(() => dionaea(invalid)).toThrow(/file:[\s\S]*maxLine:[\s\S]*fromat/);
    expect(() => dionaea(invalid)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });
});

describe('a file after a power failure', () => {
  // Text that was not on the disk yet reads as NUL bytes; after the next start dionaea appends after them.
  const before = `${accept('before')}\n`;
  const after = `${accept('after')}\n`;
  const text = Buffer.concat([Buffer.from(before), Buffer.alloc(3_000_000), Buffer.from(after)]);
  const lost = {
    offset: Buffer.byteLength(before),
    length: 3_000_000,
    reason: expect.stringContaining('power failure'),
  };

  it('is imported except for the text that was not on the disk', async () => {
    const { incidents, rejects } = await runSource(dionaea({ file: temporaryFile(text) }));
    expect(incidents.map(({ origin }) => origin)).toEqual(['acme.before', 'acme.after']);
    expect(rejects).toMatchObject([lost]);
  });

  it('is followed without losing more than the text that was not on the disk', async () => {
    const file = temporaryFile(text.subarray(0, 2_000_000));
    const host = createDurableHost();
    const { stop } = host.run(dionaeaFollow({ file, poll: '5ms' }));
    await until(() => host.incidents.length === 1, 'the first incident arrived');
    appendFileSync(file, text.subarray(2_000_000));
    await until(() => host.incidents.length === 2, 'the incident after the NUL bytes arrived');
    await stop();
    expect(host.rejects).toMatchObject([lost]);
  });
});
