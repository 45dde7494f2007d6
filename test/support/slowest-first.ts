import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first, as the end of `npm test` lists them. Started last, one would run alone. */
export const slowest: readonly string[] = [
  'test/crash/crash.long.test.ts',
  'test/docs/examples.long.test.ts',
  'packages/testkit/src/broken-handlers.long.test.ts',
  'test/structure/install-packed.long.test.ts',
  'test/docs/readme.test.ts',
  'test/e2e/three-sensors.long.test.ts',
  'test/e2e/virustotal-month.long.test.ts',
  'test/crash/crash.test.ts',
  'test/e2e/parity.test.ts',
  'packages/core/src/delivery/crash-model.test.ts',
  'apps/ihandler/src/commands/run.test.ts',
  'test/docs/write-a-handler.test.ts',
];

/** Runs the slowest files first, and the others in vitest's own order. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOf = (name: string) => (file: TestSpecification) => file.moduleId.endsWith(`/${name}`);
    const first = slowest.flatMap((name) => sorted.filter(isOf(name)));
    return [...first, ...sorted.filter((file) => !first.includes(file))];
  }
}
