import { type CommandArguments, IhandlerError } from '@ihandler/core';
import type { App } from '../app.ts';

/** The option that answers the question of {@link confirm} beforehand. */
export const yesOption = { type: 'boolean', help: 'Do it without asking' } as const;

/**
 * Whether the user wants what cannot be taken back. Throws `OPTIONS_INVALID` when there is nobody to be asked and no
 * `--yes`.
 */
export async function confirm(question: string, args: CommandArguments, { world }: App): Promise<boolean> {
  if (args.options['yes'] === true) return true;
  if (world.stdin.isTTY !== true || world.ask === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${question} This cannot be taken back, and there is no terminal to ask on: say --yes. Nothing was done.`,
    );
  const answer = await world.ask(`${question} This cannot be taken back. [y/N] `);
  return /^y(?:es)?$/i.test(answer.trim());
}
