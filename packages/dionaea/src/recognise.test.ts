import { readFileSync } from 'node:fs';
import { formatReject } from '@ihandler/core/kit';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import { recognises } from './recognise.ts';

const headOf = (name: string) => new Uint8Array(readFileSync(recording(name)).subarray(0, 65_536));
const incident = '{"timestamp": "2026-11-22T06:24:54", "name": "dionaea", "origin": "a.b", "data": {}}';
const sees = (text: string, path = '/x') => recognises(Buffer.from(text), path);

describe('what this source can read', () => {
  it.each([
    'dionaea-a/log_incident.ndjson',
    'dionaea-c/log_incident.ndjson',
    'seed-attack.ndjson',
    'dionaea-a/log_sqlite.sqlite',
    'dionaea-c/log_sqlite.sqlite',
  ])('is %s, whatever it is called', (name) => {
    expect(recognises(headOf(name), '/tmp/x')).toBe(true);
  });

  it('is a file with one whole incident among broken lines', () => {
    expect(sees(`cut off"}\n\nnot json\n${incident}\n{"half`)).toBe(true);
    expect(sees(`\ufeff${incident}`)).toBe(true);
  });

  it('is a first line longer than what is looked at', () => {
    expect(sees(`{"timestamp": "2026", "origin": "a", "data": {"x": "${'y'.repeat(65_000)}`)).toBe(true);
  });

  it('is a rejects file, also when its first line is longer than what is looked at', () => {
    const reject = { file: '/a', offset: 0, length: 60_000, reason: 'x', text: '\u0000'.repeat(60_000) };
    expect(recognises(Buffer.from(formatReject(reject)).subarray(0, 65_536), '/x')).toBe(true);
  });

  it.each([
    'dionaea-a/log_json.ndjson',
    'dionaea-a/offers.f2b',
    'dionaea-c/dionaea.log',
    'dionaea-c/hpfeeds-frames.txt',
  ])('is not %s', (name) => {
    expect(recognises(headOf(name), `/var/lib/dionaea/${name}`)).toBe(false);
  });

  it('is any SQLite database: whose it is shows when it is read', () => {
    expect(sees('SQLite format 3\0')).toBe(true);
    expect(sees('SQLite format 2\0')).toBe(false);
  });

  it('is nothing that is empty, binary or other JSON', () => {
    for (const text of ['', '\n', '\u0000{"origin":"', '{"eventid":"cowrie.login.success"}\n', '[1]', 'null'])
      expect(sees(text)).toBe(false);
  });
});
