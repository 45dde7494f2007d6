/** The results of a run of tests. */
export interface TestOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Files that started but did not finish. Each counts as one failed test. */
  readonly unfinished: readonly string[];
  /** The number of files that did not start. */
  readonly notBegun: number;
  /** Files that finished, the slowest first. */
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
