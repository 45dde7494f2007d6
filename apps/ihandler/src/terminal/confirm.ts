import { type CommandArguments, IhandlerError } from '@ihandler/core';
import type { App } from '../app.ts';

/** The option that skips the question of {@link confirm}. */
export const yesOption = { type: 'boolean', help: 'Do not ask for confirmation' } as const;

/**
 * Asks the user to confirm an action that cannot be undone. Throws `OPTIONS_INVALID` without a terminal and without
 * `--yes`.
 */
export async function confirm(question: string, args: CommandArguments, { world }: App): Promise<boolean> {
  if (args.options['yes'] === true) return true;
  if (world.stdin.isTTY !== true || world.ask === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${question} This cannot be undone, and there is no terminal to ask: add --yes. Nothing was done.`,
    );
  const answer = await world.ask(`${question} This cannot be undone. [y/N] `);
  return /^y(?:es)?$/i.test(answer.trim());
}
