/** Runs a program without showing its output. Resolves with its exit code, all output, and standard output alone. */
export function quietly(
  command: string,
  args: readonly string[],
  options?: { readonly late?: () => void; readonly timeout?: number | undefined },
): Promise<{ readonly code: number; readonly output: string; readonly stdout: string }>;
