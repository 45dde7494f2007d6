import type { LineFormat } from '../format.ts';

/** A line of {@link numbered} with its number, a second for each. */
export function numberedLine(n: number, text = ''): string {
  return `{"time":${Date.UTC(2026, 10, 22) + n * 1000},"n":${n}${text === '' ? '' : `,"text":${JSON.stringify(text)}`}}\n`;
}

/** The lines from one number to another. */
export function numberedLines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => numberedLine(from + index)).join('');
}

/** A format for tests: one incident a line. */
export const numbered: LineFormat = {
  name: 'numbered',
  parse(line) {
    const { time, ...data } = JSON.parse(line);
    if (typeof time !== 'number') return { reject: 'Expected a "time", found none.' };
    return { incidents: [{ origin: 'test.line', timestamp: time, data }] };
  },
};
