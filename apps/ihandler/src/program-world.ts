import type { Writable } from 'node:stream';
import type { World } from '@ihandler/host';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What the program uses of its surroundings, so that a test can provide them. */
export interface ProgramWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths on the command line start. Absolute. */
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Only asked whether it is a terminal: a source reads standard input itself. */
  readonly stdin: { readonly isTTY?: boolean };
  /** Asks the user a question; resolves with the typed line. @default the program cannot ask */
  ask?(question: string): Promise<string>;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Calls back at each request to reopen log files (SIGHUP), until `until` aborts. @default never */
  onReopen?(callback: () => void, until: AbortSignal): void;
  /** See the world of the host. */
  onUncaught?: World['onUncaught'];
  onBlocked?: World['onBlocked'];
  /** Ends the process at once. @default the program ends as usual */
  exit?(code: number): void;
  /** Runs one long step that may be cut off anywhere: an interrupt ends the program at once. @default runs it */
  killable?<T>(work: () => T): Promise<Awaited<T>>;
  /** The folder this program is installed in: packages are looked for around it. */
  readonly prefix: string;
  /** Conditions for the `exports` of packages, beside `node`, `import` and `default`. @default none */
  readonly conditions?: readonly string[];
  /** How long a handler may make no progress. @default those of the host */
  readonly patience?: World['patience'];
  /** Whether root acts as the owner of the data folder. @default false */
  readonly actsAsOwner?: boolean;
}

/** How the user calls this program, so that examples can be pasted. */
export function programName(env: ProgramWorld['env']): string {
  if (env['npm_lifecycle_event'] === 'ihandler') return 'npm run --silent ihandler --';
  if (env['npm_command'] === 'exec') return 'npx ihandler';
  return 'ihandler';
}
