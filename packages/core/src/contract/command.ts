import type { MaybePromise } from './handler.ts';
import type { Log } from './log.ts';

/** An option of a command, with its help. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** One letter: `n` for `-n`. */
  readonly short?: string;
  /** Whether the option may be repeated; its value is then a list. @default false */
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** The name of the value in the help: `N`, `FILE`, `DATE`. */
  readonly value?: string;
  /** A short phrase: an imperative verb or a noun, without a full stop. */
  readonly help: string;
}

/** The output of a command. Text from incidents must be escaped with {@link escapeControls} before it is written. */
export interface Terminal {
  /** Writes to standard output. Resolves when more may be written; rejects with code `EPIPE` when the reader has closed it. */
  write(text: string): Promise<void>;
  /** Writes a line to standard error. */
  warn(text: string): void;
  /** Whether the output may have colour. */
  readonly color: boolean;
  /** The width in columns; undefined when the output is not a terminal. */
  readonly columns: number | undefined;
  /** Shows the progress of a long task in one line, on a terminal only. `undefined` removes the line. */
  progress(text: string | undefined): void;
}

/** An instance of a handler in the configuration, for a command that works on the data it stores. */
export interface ConfiguredInstance {
  /** The name of the instance. */
  readonly instance: string;
  /** As written, with relative paths made absolute. Not validated: the factory of the handler does that. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The folder of the instance, `context.dataDir` of the handler. It may not exist yet. */
  readonly dataDir: string;
}

/** What the host provides to a command. */
export interface CommandContext {
  /** The instances of {@link Command.of} in the configuration (`-c`); without a configuration, the one that would run; else none. */
  readonly instances: readonly ConfiguredInstance[];
  readonly terminal: Terminal;
  /** Aborts when the user interrupts the command. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The current time in milliseconds since the Unix epoch. Tests replace it. */
  now(): number;
}

/** The parsed arguments of a command. */
export interface CommandArguments {
  /** By name. A missing option is undefined, or its default. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The arguments that are not options, in order. */
  readonly positionals: readonly string[];
}

/** A command that a package adds to the program, such as `tree TARGET`. */
export interface Command {
  /** One lower-case word. */
  readonly name: string;
  /** One line for the list of commands; starts with an imperative verb. */
  readonly summary: string;
  /** The arguments after the name: `TARGET [--since DATE]`. */
  readonly usage: string;
  /** By long name. */
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Command lines, each with its purpose. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** The handler whose instances the command works on, by its name in the manifest. The host adds the option `-c FILE.yaml`. */
  readonly of?: string;
  /**
   * Whether this package can work on a target (the first positional). Several packages may contribute a command of the same
   * name: the first one that accepts the target runs. Leave it out when the command needs no target.
   */
  accepts?(target: string): MaybePromise<boolean>;
  /** Runs the command and returns the exit code. Throws an {@link IhandlerError} for problems that the user can fix. */
  run(args: CommandArguments, context: CommandContext): Promise<number>;
}
