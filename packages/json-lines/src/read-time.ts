import type { Value } from '@ihandler/core';
import { compileSource } from '@ihandler/core/origins';
import { createTimestampParser } from '@ihandler/source-kit';
import type { Mapping } from './mapping.ts';

type Format = Exclude<Mapping['time'], string>['format'];

const factors: Readonly<Record<Exclude<Format, 'auto' | 'iso'>, number>> = {
  seconds: 1000,
  milliseconds: 1,
  microseconds: 1e-3,
  nanoseconds: 1e-6,
};

/** The unit of a time in numbers, by its size: seconds until the year 5138, and so on. */
function unitOf(number: number): keyof typeof factors {
  if (number < 1e11) return 'seconds';
  if (number < 1e14) return 'milliseconds';
  return number < 1e17 ? 'microseconds' : 'nanoseconds';
}

/** Makes the function that reads the time of a line, in milliseconds since the Unix epoch; undefined when it has none. */
export function createTimeReader(time: Mapping['time']): (line: Value) => number | undefined {
  const { path, format } = typeof time === 'string' ? { path: time, format: 'auto' as const } : time;
  const find = compileSource(path);
  const parseText = createTimestampParser();
  return (line) => {
    const found = find(line);
    if (format === 'iso') return parseText(found);
    const number = typeof found === 'string' && /^\d{1,20}(\.\d{1,9})?$/.test(found) ? Number(found) : found;
    if (typeof number !== 'number') return format === 'auto' ? parseText(found) : undefined;
    const milliseconds = number * factors[format === 'auto' ? unitOf(number) : format];
    return Number.isFinite(milliseconds) && milliseconds >= 0 && milliseconds < 8.64e15
      ? milliseconds
      : undefined;
  };
}
