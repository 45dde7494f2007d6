import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatTime } from './format.ts';

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_234_567, '1,234,567'],
  ])('writes %d as %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it('adds a noun in the singular only for one', () => {
    expect(formatCount(1, 'incident')).toBe('1 incident');
    expect(formatCount(0, 'incident')).toBe('0 incidents');
    expect(formatCount(2000, 'address', 'addresses')).toBe('2,000 addresses');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1536, '1.5 KiB'],
    [16 * 2 ** 20, '16 MiB'],
    [2 ** 31, '2 GiB'],
    [5000 * 2 ** 40, '5,000 TiB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [250.7, '250 ms'],
    [3_250, '3.2 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [5_400_000, '1.5 h'],
    [47 * 3_600_000, '47 h'],
    [3 * 86_400_000, '3 days'],
    [3 * 365 * 86_400_000, '3 years'],
  ])('writes %d as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('formatTime', () => {
  const time = Date.UTC(2026, 10, 30, 17, 31, 32, 999);

  it('writes UTC with a Z, to the second', () => {
    expect(formatTime(time)).toBe('2026-11-30 17:31:32Z');
  });

  it('writes another zone with its offset', () => {
    expect(formatTime(time, 'Europe/Berlin')).toBe('2026-11-30 18:31:32+01:00');
    expect(formatTime(time, 'America/St_Johns')).toBe('2026-11-30 14:01:32-03:30');
  });

  it('writes the zone of the machine when asked for the local time', () => {
    const date = new Date(time);
    expect(formatTime(time, 'local')).toContain(` ${String(date.getHours()).padStart(2, '0')}:`);
    expect(Date.parse(formatTime(time, 'local').replace(' ', 'T'))).toBe(time - 999);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.7e15])('calls %d an unknown time', (unknown) => {
    expect(formatTime(unknown)).toBe('unknown time');
    expect(formatTime(unknown, 'Europe/Berlin')).toBe('unknown time');
  });
});
