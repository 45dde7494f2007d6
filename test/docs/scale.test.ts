import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/workspace.ts';

const text = readFileSync(join(root, 'docs', 'scale.md'), 'utf8');

/** The cells of the table whose head begins with some words, without its head and rule. */
function table(head: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${head}`));
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  expect(at, head).toBeGreaterThan(-1);
  return lines.slice(at + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** A number in a sentence of the document. */
function figure(pattern: RegExp): number {
  const [, found = ''] = pattern.exec(text) ?? [];
  expect(found, String(pattern)).not.toBe('');
  return Number(found.replaceAll(',', ''));
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  million: 1e6,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  d: 1,
  GiB: 2 ** 30,
};

/** A written amount, `2.6 GB`, and its rounding error. */
function amount(cell: string): { readonly value: number; readonly rounded: number } {
  const [, digits = '', unit = ''] = /^`?([\d.,]+) ?(\w*)`?$/.exec(cell) ?? [];
  const factor = UNITS[unit];
  if (digits === '' || factor === undefined) throw new Error(`expected an amount, found ${cell}`);
  const [whole = '', fraction = ''] = digits.replaceAll(',', '').split('.');
  const zeros = fraction === '' ? (/0*$/.exec(whole)?.[0].length ?? 0) : 0;
  const step = fraction === '' ? 10 ** zeros : 10 ** -fraction.length;
  return { value: Number(`${whole}.${fraction}`) * factor, rounded: (step / 2) * factor };
}

const bytesOf = (what: string): number => {
  const row = table('34,000 incidents').find(([name = '']) => name.startsWith(what));
  return amount(row?.[1] ?? '').value;
};

const DAY = 86_400;
const measured = {
  stream: bytesOf('`nats`'),
  journal: bytesOf('the journal'),
  stored: bytesOf('PostgreSQL'),
  ids: bytesOf('of that the ids'),
  rows: figure(/An incident becomes ([\d.]+) rows/),
};
/** Incidents per sensor and day. */
const aDay = figure(/A sensor with ([\d,]+) connections a day/) * figure(/at ([\d.]+) incidents each/);

/** The size of PostgreSQL for this many sensors, in bytes. */
function held(sensors: number, keep: number, remember: number): number {
  return sensors * aDay * ((measured.stored - measured.ids) * keep + measured.ids * remember);
}

it('the table of docs/scale.md follows from its measurements', () => {
  const rows = table('sensors | incidents/s');
  expect(rows.length).toBeGreaterThan(3);
  for (const [sensors = '', perSecond = '', stream = '', count = '', postgres = '', kept = ''] of rows) {
    const n = amount(sensors).value;
    const expected: readonly (readonly [cell: string, value: number])[] = [
      [perSecond, (n * aDay) / DAY],
      [stream, n * aDay * measured.stream],
      [count, n * aDay * measured.rows],
      [postgres, n * aDay * measured.stored],
      [kept, held(n, 90, 30)],
    ];
    for (const [cell, value] of expected) {
      const shown = amount(cell);
      expect(
        Math.abs(shown.value - value),
        `${sensors} sensors: ${cell}, computed ${value}`,
      ).toBeLessThanOrEqual(shown.rounded);
    }
  }
});

it('the limits in docs/scale.md are sufficient, with some reserve', () => {
  const rows = table('setting | 50');
  const cells = (what: string) => rows.find(([name = '']) => name.startsWith(what))?.slice(1) ?? [];
  const pairs = (what: string) =>
    cells(what).map((cell) => cell.split(', ').map((each) => amount(each).value));
  const sensors = [50, 1000, 10_000];
  const hubs = cells('hubs').map((cell) => Number.parseInt(cell, 10));
  for (const [at, n] of sensors.entries()) {
    const [keep = 0, remember = 0] = pairs('`keep` and `remember`')[at] ?? [];
    const disk = amount(cells('disk for PostgreSQL')[at] ?? '').value;
    const [streamKeep = 0, streamSize = 0] = pairs('`create.keep`')[at] ?? [];
    const [, maxSize = 0] = pairs('journal of a hub')[at] ?? [];
    const inJournal = (n / (hubs[at] ?? 1)) * aDay * measured.journal;
    const room: Readonly<Record<string, number>> = {
      PostgreSQL: disk / held(n, keep, remember),
      stream: streamSize / (n * aDay * measured.stream * streamKeep),
      // About two days without the database.
      journal: maxSize / (inJournal * 2),
    };
    for (const [what, times] of Object.entries(room)) {
      expect(times, `${what} of ${n} sensors`).toBeGreaterThan(what === 'journal' ? 0.9 : 1.1);
      expect(times, `${what} of ${n} sensors`).toBeLessThan(2.5);
    }
  }
});
