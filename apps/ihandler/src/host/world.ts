import type { Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What of the world the program touches, so that a test can be the world. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. Relative paths on the command line start here. */
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Only asked whether it is a terminal: a source reads standard input itself. */
  readonly stdin: { readonly isTTY?: boolean };
  /** Asks whoever sits at the terminal; resolves with the line that was typed. @default nobody can be asked */
  ask?(question: string): Promise<string>;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Calls back each time somebody asks to reopen log files (SIGHUP), until `until` aborts. @default never */
  onReopen?(callback: () => void, until: AbortSignal): void;
  /** Ends the process at once, whatever still runs in it. @default the program ends as it does otherwise */
  exit?(code: number): void;
  /** Does what is one long step and may be cut off anywhere: an interrupt ends the program at once. @default just does it */
  killable?<T>(work: () => T): Promise<Awaited<T>>;
  /** The folder this program is installed in: one of the places where packages are looked for. */
  readonly prefix: string;
  /** Conditions for the `exports` of packages, beside `node`, `import` and `default`. @default none */
  readonly conditions?: readonly string[];
  /** How long a handler may be stuck before the program gives up, in milliseconds. */
  readonly patience?: Patience;
}

/** See {@link Host.patience}. */
export interface Patience {
  /** For a start that fails with a passing error, such as a locked database. @default 30000 */
  readonly start?: number;
  /** Without any progress of a lane that has work. @default 60000 */
  readonly stall?: number;
}

/** How the user calls this program, so that examples can be pasted. */
export function programName(env: Host['env']): string {
  if (env['npm_lifecycle_event'] === 'ihandler') return 'npm run --silent ihandler --';
  if (env['npm_command'] === 'exec') return 'npx ihandler';
  return 'ihandler';
}
