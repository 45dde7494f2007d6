/** Runs a program quietly: its exit code, all it said, and what of that went to standard output. */
export function quietly(
  command: string,
  args: readonly string[],
  options?: { readonly late?: () => void; readonly timeout?: number | undefined },
): Promise<{ readonly code: number; readonly output: string; readonly stdout: string }>;
