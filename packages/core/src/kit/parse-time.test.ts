import { expect, test } from 'vitest';
import { parseTime } from './parse-time.ts';

const now = Date.UTC(2026, 10, 25, 12);

test.each([
  ['24h', now - 86_400_000],
  ['7d', now - 7 * 86_400_000],
  ['1.5m', now - 90_000],
  ['2026-11-22T06:30Z', Date.UTC(2026, 10, 22, 6, 30)],
  ['2026-11-22 06:30:15.5+02:00', Date.UTC(2026, 10, 22, 4, 30, 15, 500)],
  ['2026-11-22', new Date(2026, 10, 22).getTime()],
  ['2026-11-22 06:30', new Date(2026, 10, 22, 6, 30).getTime()],
])('parseTime reads %s', (written, time) => {
  expect(parseTime('since', written, now)).toBe(time);
});

test.each([
  ['2026-11-22', Date.UTC(2026, 10, 22)],
  ['2026-11-22 06:30', Date.UTC(2026, 10, 22, 6, 30)],
  ['2026-11-22T06:30+02:00', Date.UTC(2026, 10, 22, 4, 30)],
  ['24h', now - 86_400_000],
])('parseTime reads %s as UTC on request', (written, time) => {
  expect(parseTime('since', written, now, { utc: true })).toBe(time);
});

test.each(['', 'yesterday', '7', '7y', '2026', '2026-13-01', '2026-11-22T25:00', '24h ago'])(
  'parseTime rejects %j and names valid forms',
  (written) => {
    expect(() => parseTime('since', written, now)).toThrow(/--since expects a date or an age.*24h/);
  },
);
