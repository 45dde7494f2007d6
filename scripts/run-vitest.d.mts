/** What became of a run of tests. */
export interface TestOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Files that began and did not end: each counts as one that failed. */
  readonly unfinished: readonly string[];
  /** How many files never began. */
  readonly notBegun: number;
  /** Files that ended, the slowest first. */
  readonly slowest: readonly { readonly file: string; readonly seconds: number }[];
}

export function runVitest(
  args: readonly string[],
  options: {
    readonly record: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly signal?: AbortSignal | undefined;
    readonly stdout?: 'ignore' | 'inherit';
  },
): Promise<TestOutcome>;
