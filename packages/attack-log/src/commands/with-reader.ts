import type { CommandContext, CommandOption, MaybePromise } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { AttackReader } from '../read/attack.ts';

/** A kind of database that the commands can read. */
export interface AttackDatabase {
  /** Whether a target, as the user wrote it, is a database of this kind. */
  accepts(target: string): MaybePromise<boolean>;
  /** Opens it for reading; the command closes it. Throws `TARGET_UNREADABLE` if it cannot be opened. */
  open(target: string): MaybePromise<AttackReader>;
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

/** Runs a command on an open database, and closes it. A closed pipe, as with `| head`, ends the command with exit code 0. */
export async function withReader(
  { open }: AttackDatabase,
  target: string,
  run: (reader: AttackReader) => Promise<number>,
): Promise<number> {
  const reader = await open(target);
  try {
    return await run(reader);
  } catch (error) {
    if (errorCode(error) === 'EPIPE') return 0;
    throw error;
  } finally {
    await reader.close();
  }
}
