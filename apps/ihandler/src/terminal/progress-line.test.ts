import { expect, test } from 'vitest';
import { formatProgress } from './progress-line.ts';

const progress = {
  file: 'a.ndjson',
  index: 2,
  of: 3,
  fraction: 0.25,
  incidents: 30_000,
  seconds: 10,
  stuck: undefined,
};

test('shows how far, how fast and how long', () => {
  expect(formatProgress(progress, true)).toBe(
    '█████░░░░░░░░░░░░░░░  25 %  3,000/s  ETA 0:30  a.ndjson (2 of 3)',
  );
  expect(formatProgress(progress, false)).toMatch(/^#{5}-{15} {2}25 %/);
});

test('names no single file when all are read', () => {
  expect(formatProgress({ ...progress, fraction: 1, index: 3 }, true)).toBe(
    '████████████████████ 100 %  3,000/s  3 files',
  );
});

test('shows only what is known when the end is not', () => {
  expect(formatProgress({ ...progress, fraction: undefined, of: 1 }, true)).toBe(
    '30,000 incidents  3,000/s  a.ndjson',
  );
});

test('names a handler that is stuck in place of the file, without its control characters', () => {
  expect(formatProgress({ ...progress, stuck: 'keep: \u001b[2Jlocked' }, true)).toContain(
    'waiting for keep: \\x1b[2Jlocked',
  );
});
