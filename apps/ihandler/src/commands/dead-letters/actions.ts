import { type CommandArguments, escapeJson, IhandlerError } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import type { Host } from '@ihandler/host';
import { type App, text } from '../../app.ts';
import { hostFor } from '../../configured-host.ts';
import { exitCodes } from '../../exit-code.ts';
import { confirm } from '../../terminal/confirm.ts';
import { assertKnown } from '../known-instance.ts';
import { deadLettersOf, letterFilter, originGlobs, parsePositions } from './filter.ts';

/** The dead letters to retry or drop. */
interface Selection {
  readonly host: Host;
  readonly instance: string;
  readonly positions: readonly number[];
  /** Whether these are all of the instance: then positions need not be sent. */
  readonly isEvery: boolean;
}

/** The dead letters that the arguments select. Throws for an unknown position, and when nothing is selected. */
async function select(args: CommandArguments, app: App, action: string): Promise<Selection> {
  const [, instance, ...typed] = args.positionals;
  const named = parsePositions(typed);
  const isAll = args.options['all'] === true;
  if (instance === undefined || (named.length === 0) === !isAll)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected an instance, and positions or --all: ${app.program} dead-letters ${action} INSTANCE POSITION…`,
    );
  const isFiltered = text(args, 'grep') !== undefined || originGlobs(args) !== undefined;
  if (!isAll && isFiltered)
    throw new IhandlerError('OPTIONS_INVALID', '--origin and --grep need --all, of which they select some.');
  const host = await hostFor(args, app);
  const view = await host.openJournalView();
  try {
    assertKnown(instance, Object.keys(view.cursors()));
    if (isAll) {
      const isSelected = letterFilter(args);
      const positions = [...deadLettersOf(view, instance)].filter(isSelected).map(({ position }) => position);
      return { host, instance, positions, isEvery: !isFiltered };
    }
    const missing = named.filter(
      (position) => view.deadLetters(instance, position - 1, 1)[0]?.position !== position,
    );
    if (missing.length > 0)
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `${instance} has no dead letter at position ${missing.join(', ')}. See: ${app.program} dead-letters list --instance ${instance}. Nothing was done.`,
      );
    return { host, instance, positions: [...new Set(named)], isEvery: false };
  } finally {
    view.close();
  }
}

async function nothing(args: CommandArguments, { terminal }: App, { instance }: Selection, json: object) {
  await terminal.write(
    args.options['json'] === true
      ? `${escapeJson(JSON.stringify(json))}\n`
      : `${instance}: no such dead letters.\n`,
  );
  return exitCodes.nothing;
}

/** `dead-letters retry`: delivers them to their handler again. */
export async function retryDeadLetters(args: CommandArguments, app: App): Promise<number> {
  const selection = await select(args, app, 'retry');
  const { host, instance, positions, isEvery } = selection;
  if (positions.length === 0) return nothing(args, app, selection, { delivered: 0, dead: 0 });
  const { signal } = app.world;
  const outcome = await host.retryDeadLetters(instance, isEvery ? undefined : positions, signal);
  const failed = outcome.dead > 0 ? `, ${formatCount(outcome.dead)} failed again` : '';
  await app.terminal.write(
    args.options['json'] === true
      ? `${escapeJson(JSON.stringify(outcome))}\n`
      : `${instance}: ${formatCount(outcome.delivered)} delivered${failed}.\n`,
  );
  return outcome.dead > 0 ? exitCodes.partly : exitCodes.ok;
}

/** `dead-letters drop`: removes them permanently. */
export async function dropDeadLetters(args: CommandArguments, app: App): Promise<number> {
  const selection = await select(args, app, 'drop');
  const { host, instance, positions, isEvery } = selection;
  if (positions.length === 0) return nothing(args, app, selection, { dropped: 0 });
  const question = `Drop ${formatCount(positions.length, 'dead letter')} of ${instance}?`;
  if (!(await confirm(question, args, app))) {
    app.note('nothing was dropped');
    return exitCodes.nothing;
  }
  const { signal } = app.world;
  const dropped = await host.dropDeadLetters(instance, isEvery ? undefined : positions, signal);
  await app.terminal.write(
    args.options['json'] === true
      ? `${escapeJson(JSON.stringify({ dropped }))}\n`
      : `${instance}: ${formatCount(dropped)} dropped.\n`,
  );
  return exitCodes.ok;
}
