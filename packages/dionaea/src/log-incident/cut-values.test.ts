import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { openPort } from '@ihandler/test-support/host';
import { describe, expect, it } from 'vitest';
import dionaeaFollow from '../follow/source.ts';
import dionaeaHttp from '../http/source.ts';
import dionaea from '../index.ts';
import { createDurableHost, until } from '../testing/durable-host.ts';
import { temporaryFile } from '../testing/folder.ts';
import { runSource } from '../testing/run-source.ts';
import { cutValues, longestRead } from './cut-values.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const query = `SELECT '\u00e9"${'x'.repeat(150_000)}'`;
const command = (args: readonly string[]) =>
  `${JSON.stringify({
    timestamp: '2026-11-22T06:51:50',
    name: 'dionaea',
    origin: 'dionaea.modules.python.mysql.command',
    data: { command: 3, args },
  })}\n`;
const cut = {
  origin: 'dionaea.modules.python.mysql.command',
  data: {
    command: 3,
    args: ['a', query.slice(0, 25_000)],
    cut: [{ path: 'args.1', bytes: Buffer.byteLength(query), sha256: sha256(query) }],
  },
};
const maxLine = '100kB';

describe('an incident over maxLine', () => {
  it('is imported with its long value cut, its size and its SHA-256', async () => {
    const { incidents, rejects, warnings } = await runSource(
      dionaea({ file: temporaryFile(command(['a', query])), maxLine }),
    );
    expect([incidents, rejects]).toMatchObject([[cut], []]);
    expect(warnings).toEqual(['cut the long values of incidents over "maxLine"']);
  });

  it('is followed with its long value cut', async () => {
    const file = temporaryFile('');
    const host = createDurableHost();
    const { stop } = host.run(dionaeaFollow({ file, maxLine, poll: '5ms' }));
    appendFileSync(file, command(['a', query]));
    await until(() => host.incidents.length === 1, 'the incident arrived');
    await stop();
    expect([host.incidents, host.rejects]).toMatchObject([[cut], []]);
  });

  it('is accepted by dionaea-http with its long value cut; a query of 5 MB is whole by default', async () => {
    const large = 'x'.repeat(5_000_000);
    for (const [options, text, expected] of [
      [{ maxLine }, query, cut],
      [{}, large, { data: { args: ['a', large] } }],
    ] as const) {
      const { url, incidents, log } = await openPort(dionaeaHttp({ port: 0, ...options }));
      const { status } = await fetch(url, { method: 'POST', body: command(['a', text]) });
      expect(status).toBe(204);
      expect(incidents).toMatchObject([expected]);
      expect(log.some((message) => message.startsWith('cut the long values'))).toBe(text === query);
    }
  });

  it('becomes a reject when no long value is the reason for its length', async () => {
    const args = Array.from({ length: 30_000 }, () => 'xxx');
    const { incidents, rejects } = await runSource(dionaea({ file: temporaryFile(command(args)), maxLine }));
    expect(incidents).toEqual([]);
    expect(rejects).toMatchObject([{ reason: expect.stringContaining('long values that can be cut') }]);
  });
});

describe('cutValues', () => {
  it('cuts the longest values first, nested ones too, and never within a character', () => {
    const data: Record<string, unknown> = {
      short: 'a',
      long: '\u{1f600}'.repeat(1000),
      deep: [{ b: 'c'.repeat(5000) }],
    };
    expect(cutValues(data, 9100, 4404)).toBe(true);
    expect(data['deep']).toEqual([{ b: 'c'.repeat(1101) }]);
    expect(data['long']).toBe('\u{1f600}'.repeat(550));
    expect(data['cut']).toMatchObject([
      { path: 'deep.0.b', bytes: 5000 },
      { path: 'long', bytes: 4000 },
    ]);
  });

  it('reads lines of up to 64 MiB, whatever maxLine is, or of up to maxLine', () => {
    const mib = 1024 * 1024;
    expect([1, 16, 32, 256].map((size) => longestRead(size * mib) / mib)).toEqual([4, 64, 64, 256]);
  });
});
