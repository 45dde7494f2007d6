import { type CommandContext, silentLog } from '@ihandler/core';

/** What a host lends to a command, and what the command wrote so far. */
export interface LentCommandContext {
  readonly context: CommandContext;
  /** All it wrote to standard output. */
  readonly output: string;
  /** The lines it wrote to standard error. */
  readonly warnings: readonly string[];
}

/** Makes the context for a test that runs a command itself. It writes to no terminal: without colour, of any width. */
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
