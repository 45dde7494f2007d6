import { type CommandContext, type CommandOption, escapeControls, type MaybePromise } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { AttackReader } from '../read/attack.ts';

/** How a command waits for a locked database. */
export interface WaitingForLock {
  /** How long to wait, in milliseconds. Undefined: not longer than a second or two. */
  readonly patience?: number;
  readonly signal: AbortSignal;
  /** To be called when there is a lock. */
  onLocked(): void;
}

/** A kind of database that the commands can read. */
export interface AttackDatabase {
  /** Whether a target, as the user wrote it, is a database of this kind. */
  accepts(target: string): MaybePromise<boolean>;
  /**
   * Opens it for reading; the command closes it. Throws `TARGET_UNREADABLE` if it cannot be opened. A database that is locked
   * can be waited for as `waiting` says.
   */
  open(target: string, waiting: WaitingForLock): MaybePromise<AttackReader>;
}

/** The warning for a filter that selects nothing. */
export const NO_MATCH = 'No attacks match. Try fewer filters.';

/** Options that all commands have. */
export const commonOptions: Readonly<Record<'sensor' | 'utc' | 'json', CommandOption>> = {
  sensor: { type: 'string', value: 'NAME', help: 'Only attacks on this sensor' },
  utc: { type: 'boolean', help: 'Show times in UTC, and read times in options as UTC' },
  json: { type: 'boolean', help: 'Print JSON in ASCII, one document per line' },
};

/** The style of a text for the terminal of a command. */
export function styleFor({ terminal }: CommandContext, utc: boolean) {
  const { color, columns } = terminal;
  return { color, utc, ...(columns === undefined ? {} : { columns }) };
}

/** The exit code of an interrupted command. */
export const INTERRUPTED = 130;

/** How long someone at a terminal waits for a locked database, in milliseconds: a line says why, and Ctrl-C ends it. */
const TERMINAL_PATIENCE = 30_000;

/** How a command waits for the database at a target: on a terminal, with a line that says so; elsewhere it reports the lock soon. */
export function waitingForLock(
  target: string,
  { terminal, signal }: Pick<CommandContext, 'terminal' | 'signal'>,
): WaitingForLock {
  return {
    ...(terminal.columns !== undefined && { patience: TERMINAL_PATIENCE }),
    signal,
    onLocked: () =>
      terminal.progress(`waiting: ${escapeControls(target)} is locked by another program (Ctrl-C to stop)`),
  };
}

/**
 * Runs a command on an open database, and closes it. On a terminal it waits for a locked one. A closed pipe, as with `| head`,
 * ends the command with exit code 0.
 */
export async function withReader(
  database: AttackDatabase,
  target: string,
  context: CommandContext,
  run: (reader: AttackReader) => Promise<number>,
): Promise<number> {
  const { terminal, signal } = context;
  let reader: AttackReader;
  try {
    reader = await database.open(target, waitingForLock(target, context));
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    terminal.progress(undefined);
  }
  try {
    return await run(reader);
  } catch (error) {
    if (errorCode(error) === 'EPIPE') return 0;
    throw error;
  } finally {
    await reader.close();
  }
}
