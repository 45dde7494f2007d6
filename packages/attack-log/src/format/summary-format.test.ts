import { describe, expect, it } from 'vitest';
import type { Summary } from '../index.ts';
import { formatSummary } from './summary-format.ts';

const summary: Summary = {
  first: Date.UTC(2009, 10, 6, 3),
  last: Date.UTC(2009, 10, 6, 3, 30),
  connections: 61_500,
  attacks: 610,
  sources: 1,
  protocols: [
    { value: ['smbd'], count: 12_345 },
    { value: [null], count: 2 },
  ],
  credentials: [
    { value: ['root', ''], count: 4 },
    { value: [Uint8Array.of(0x61, 0xff), '\u001b[2J'], count: 1 },
  ],
  urls: [],
  samples: [{ value: ['1d419d615dbe5a238bbaa569b3829a23'], count: 1 }],
  commands: 0,
  logins: 5,
  offers: 0,
  downloads: 1,
};

describe('formatSummary', () => {
  it('summarizes a database in ten lines', () => {
    expect(formatSummary(summary, { utc: true }).split('\n')).toEqual([
      'First seen   2009-11-06 03:00:00Z',
      'Last seen    2009-11-06 03:30:00Z (30 min later)',
      'Attacks      610',
      'Connections  61,500',
      'Sources      1 address',
      'Protocols    smbd ×12,345, (empty) ×2',
      'Logins       5 attempts',
      'Credentials  root / (empty) ×4, a\ufffd / \\x1b[2J ×1',
      'URLs         none',
      'Samples      1 download: 1d419d615dbe5a238bbaa569b3829a23 ×1',
      '',
    ]);
  });

  it('summarizes an empty database, and fits on a narrow terminal', () => {
    const empty: Summary = {
      ...summary,
      first: null,
      last: null,
      protocols: [],
      credentials: [],
      samples: [],
      downloads: 0,
    };
    expect(formatSummary(empty, { utc: true }).trimEnd().split('\n')).toHaveLength(10);
    const many = Array.from({ length: 9 }, (_, n) => ({ value: [`protocol-${n}`], count: 1 }));
    const narrow = formatSummary({ ...summary, protocols: many }, { utc: true, columns: 50 });
    expect(narrow.split('\n')[5]).toBe('Protocols    protocol-0 ×1, protocol-1 ×1');
  });
});
