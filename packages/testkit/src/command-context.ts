import { type CommandContext, silentLog } from '@ihandler/core';

/** A context for a command, and what the command has written. */
export interface LentCommandContext {
  readonly context: CommandContext;
  /** Everything written to standard output so far. */
  readonly output: string;
  /** The lines written to standard error so far. */
  readonly warnings: readonly string[];
}

/** Makes the context for a test that runs a command itself. Its output has no colour and no width. */
export function commandContext(overrides: Partial<CommandContext> = {}): LentCommandContext {
  let output = '';
  const warnings: string[] = [];
  const context: CommandContext = {
    instances: [],
    terminal: {
      async write(text) {
        output += text;
      },
      warn(text) {
        warnings.push(text);
      },
      color: false,
      columns: undefined,
      progress() {},
    },
    signal: new AbortController().signal,
    log: silentLog,
    now: Date.now,
    ...overrides,
  };
  return {
    context,
    get output() {
      return output;
    },
    warnings,
  };
}
