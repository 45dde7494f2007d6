import type { It } from '../describe-handler.ts';
import { PATIENCE } from '../suite/in-time.ts';
import { followRules } from './follow-rules.ts';
import { rotateAtRandom } from './random-rotations.ts';
import { readRules } from './read-rules.ts';
import { inSourceWorld, type SourceSubject } from './source-world.ts';

/** Options of {@link describeSource}. */
export interface DescribeSourceOptions {
  /** Milliseconds after which a missing incident fails the rule. @default 10000 */
  readonly patience?: number;
  /** How many sequences of random rotations, restarts and kills to try. @default 5 */
  readonly runs?: number;
}

/**
 * Defines one test for each rule that a source of lines keeps: files that are rotated, trimmed, copied and damaged, and a
 * process that is killed before and after each report is durable. The lines of `subject` are compared with what the source
 * makes of them in a file that is never rotated, so that a source that forgets sessions fails.
 */
export function describeSource(
  it: It,
  subject: SourceSubject,
  { patience = PATIENCE, runs = 5 }: DescribeSourceOptions = {},
): void {
  for (const { name, check } of followRules)
    it(name, () => inSourceWorld(subject, patience, (world) => check(world, subject)));
  it('reads each line once, in order, during random rotations, restarts and kills', async () => {
    for (let seed = 1; seed <= runs; seed += 1)
      await inSourceWorld(subject, patience, (world) => rotateAtRandom(world, subject, seed));
  });
  const { read } = subject;
  if (read === undefined) return;
  for (const { name, check } of readRules)
    it(name, () => inSourceWorld(subject, patience, (world) => check(world, subject, (file) => read(file))));
}
