import { readFileSync } from 'node:fs';
import { silentLog } from '@ihandler/core';
import { formatReject } from '@ihandler/core/kit';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import { explain } from './explain-format.ts';
import dionaea from './index.ts';
import { recognises } from './recognise.ts';
import { temporaryFile } from './testing/folder.ts';
import { runSource } from './testing/run-source.ts';

const headOf = (name: string) => new Uint8Array(readFileSync(recording(name)).subarray(0, 65_536));
const incident = '{"timestamp": "2026-11-22T06:24:54", "name": "dionaea", "origin": "a.b", "data": {}}';
const recognisesText = (text: string, path = '/x') => recognises(Buffer.from(text), path);

describe('recognising a file', () => {
  it.each([
    'dionaea-a/log_incident.ndjson',
    'dionaea-c/log_incident.ndjson',
    'seed-attack.ndjson',
    'dionaea-a/log_sqlite.sqlite',
    'dionaea-c/log_sqlite.sqlite',
  ])('accepts %s under any name', (name) => {
    expect(recognises(headOf(name), '/tmp/x')).toBe(true);
  });

  it('accepts a file with one complete incident among invalid lines', () => {
    expect(recognisesText(`cut off"}\n\nnot json\n${incident}\n{"half`)).toBe(true);
    expect(recognisesText(`\ufeff${incident}`)).toBe(true);
  });

  it('accepts a first line longer than the head of the file', () => {
    expect(recognisesText(`{"timestamp": "2026", "origin": "a", "data": {"x": "${'y'.repeat(65_000)}`)).toBe(
      true,
    );
  });

  it('accepts a rejects file, also when its first line is longer than the head of the file', () => {
    const reject = { file: '/a', offset: 0, length: 60_000, reason: 'x', text: '\u0000'.repeat(60_000) };
    expect(recognises(Buffer.from(formatReject(reject)).subarray(0, 65_536), '/x')).toBe(true);
  });

  it.each([
    'dionaea-a/log_json.ndjson',
    'dionaea-a/offers.f2b',
    'dionaea-c/dionaea.log',
    'dionaea-c/hpfeeds-frames.txt',
  ])('refuses %s', (name) => {
    expect(recognises(headOf(name), `/var/lib/dionaea/${name}`)).toBe(false);
  });

  it.each([
    ['dionaea-a/log_json.ndjson', 'those of log_json'],
    ['dionaea-c/dionaea.log', "dionaea's text log"],
    ['dionaea-a/offers.f2b', "those of dionaea's fail2ban"],
  ])(
    'names the format of %s and what to use, and an import with --from does it, too',
    async (name, found) => {
      const explanation = explain(headOf(name), `/var/lib/dionaea/${name}`);
      expect(explanation).toContain(`Expected lines of log_incident, found ${found}`);
      expect(explanation).toContain('Enable log_incident in dionaea');
      const failure = runSource(dionaea({ file: recording(name), format: 'log_incident' }));
      await expect(failure).rejects.toMatchObject({ code: 'TARGET_UNREADABLE' });
      await expect(failure).rejects.toThrow(explanation);
    },
  );

  it('says nothing about a format that it does not know; an import with --from names its first line', async () => {
    const text = '{"eventid":"cowrie.login.success"}\n';
    expect(explain(Buffer.from(text), '/x')).toBeUndefined();
    expect(explain(Buffer.from(incident), '/x')).toBeUndefined();
    const errors: unknown[] = [];
    const log = { ...silentLog, error: (...entry: unknown[]) => errors.push(entry) };
    const { rejects } = await runSource(dionaea({ file: temporaryFile(text) }), {}, () => ({ log }));
    expect(rejects).toHaveLength(1);
    expect(errors).toMatchObject([
      [
        'the file holds no incident',
        { found: expect.stringContaining('found {"eventid"'), fix: expect.any(String) },
      ],
    ]);
  });

  it('accepts any SQLite database, since only reading it shows which program wrote it', () => {
    expect(recognisesText('SQLite format 3\0')).toBe(true);
    expect(recognisesText('SQLite format 2\0')).toBe(false);
  });

  it('refuses empty and binary files and other JSON', () => {
    for (const text of ['', '\n', '{"eventid":"cowrie.login.success"}\n', '[1]', 'null'])
      expect(recognisesText(text)).toBe(false);
  });
});
