import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { openPort } from '@ihandler/test-support/host';
import { createDurableHost, until } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import dionaeaFollow from '../follow/source.ts';
import dionaeaHttp from '../http/source.ts';
import dionaea from '../index.ts';
import { temporaryFile } from '../testing/folder.ts';
import { runSource } from '../testing/run-source.ts';

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
