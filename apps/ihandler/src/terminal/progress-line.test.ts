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

test('the progress line shows progress, rate and remaining time', () => {
  expect(formatProgress(progress, true)).toBe(
    '█████░░░░░░░░░░░░░░░  25 %  3,000/s  ETA 0:30  a.ndjson (2 of 3)',
  );
  expect(formatProgress(progress, false)).toMatch(/^#{5}-{15} {2}25 %/);
});

test('the progress line shows the number of files when all are read', () => {
  expect(formatProgress({ ...progress, fraction: 1, index: 3 }, true)).toBe(
    '████████████████████ 100 %  3,000/s  3 files',
  );
});

test('the progress line shows counts when the size is unknown', () => {
  expect(formatProgress({ ...progress, fraction: undefined, of: 1 }, true)).toBe(
    '30,000 incidents  3,000/s  a.ndjson',
  );
});

test('the progress line names a stuck handler instead of the file, with escaped control characters', () => {
  expect(formatProgress({ ...progress, stuck: 'keep: \u001b[2Jlocked' }, true)).toContain(
    'waiting for keep: \\x1b[2Jlocked',
  );
});
