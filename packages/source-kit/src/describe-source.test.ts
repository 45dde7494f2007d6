import { describeSource } from '@ihandler/testkit';
import { describe, it } from 'vitest';
import type { LineFormat } from './format.ts';
import { followLines, readLines } from './sources.ts';
import { numbered, numberedLine } from './testing/numbered.ts';
import { pairs, pairsLine, sessions, sessionsLine } from './testing/sessions-format.ts';

function subjectOf(format: LineFormat, line: (n: number) => string) {
  return {
    follow: (file: string) => followLines({ name: 'lines-follow', format, file, poll: 1 }),
    read: (file: string) => readLines({ name: 'lines', format, file }),
    line: (n: number) => line(n).trimEnd(),
    numberOf: ({ data }: { readonly data: Readonly<Record<string, unknown>> }) => Number(data['n']),
  };
}

describe('a source of lines with one incident each', () => {
  describeSource(it, subjectOf(numbered, numberedLine));
});

describe('a source of lines with several incidents each', () => {
  describeSource(it, subjectOf(pairs, pairsLine));
});

describe('a source of lines that need the sessions of earlier lines', () => {
  describeSource(it, subjectOf(sessions, sessionsLine));
});
