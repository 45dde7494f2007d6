import type { MaybePromise } from './handler.ts';
import type { Log } from './log.ts';

/** An option of a command, as `node:util` parseArgs takes it, with what help says of it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** How help names the value: `N`, `FILE`, `DATE`. */
  readonly value?: string;
  readonly help: string;
}

/** Where a command writes. All it writes of incidents must have gone through {@link escapeControls}. */
export interface Terminal {
  /** Writes to standard output; resolves when more may be written. Rejects, with code EPIPE, when nobody reads any more. */
  write(text: string): Promise<void>;
  /** Writes a line to standard error. */
  warn(text: string): void;
  /** Whether colour may be used. */
  readonly color: boolean;
  /** Columns, or undefined when it is no terminal. */
  readonly columns: number | undefined;
  /** Shows how far a long task is, on a terminal only. `undefined` removes it. */
  progress(text: string | undefined): void;
}

/** A handler as the configuration has it, for a command that works on what it keeps. */
export interface ConfiguredInstance {
  readonly instance: string;
  /** As written, with relative paths made absolute; the handler's own factory judges them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The folder of this instance: the handler's `context.dataDir`. It may not exist yet. */
  readonly dataDir: string;
}

/** What the host lends to a command. */
export interface CommandContext {
  /** The instances of {@link Command.of} in the configuration (`-c`), else the one that would run without; else none. */
  readonly instances: readonly ConfiguredInstance[];
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly log: Log;
  now(): number;
}

/** Parsed arguments: options by name, then what is left. */
export interface CommandArguments {
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly positionals: readonly string[];
}

/** A command that a package adds to the program, such as `tree TARGET`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name: `TARGET [--since DATE]`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** The handler on whose instances it works, by its name in the manifest: the host adds the option `-c FILE.yaml`. */
  readonly of?: string;
  /**
   * Whether this package can act on a target (the first positional): two packages may both offer `tree`, and the first
   * that accepts the target runs. Absent: it needs no target.
   */
  accepts?(target: string): MaybePromise<boolean>;
  /** Runs it; the number is the exit code. Throws an IhandlerError for what the user can put right. */
  run(args: CommandArguments, context: CommandContext): Promise<number>;
}
