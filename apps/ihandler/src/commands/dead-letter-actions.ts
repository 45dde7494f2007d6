import { type CommandArguments, IhandlerError } from '@ihandler/core';
import { z } from 'zod';
import { type App, text } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { mustKnow, viewJournal } from '../host/assembly/view-journal.ts';
import { performOperation } from '../host/control/perform-operation.ts';
import { confirm } from '../terminal/confirm.ts';
import { deadLettersOf, letterFilter, originGlobs, parsePositions } from './dead-letter-filter.ts';
import { counted } from './dead-letter-format.ts';

/** What a command is to do something with. */
interface Chosen {
  readonly dataDir: string;
  readonly instance: string;
  readonly positions: readonly number[];
  /** Whether that is simply all of them, which is shorter to say. */
  readonly isEvery: boolean;
}

/** The dead letters that the arguments name. Throws for a position that is none, and when nothing is named. */
async function choose(args: CommandArguments, app: App, action: string): Promise<Chosen> {
  const [, instance, ...typed] = args.positionals;
  const named = parsePositions(typed);
  const isAll = args.options['all'] === true;
  if (instance === undefined || (named.length === 0) === !isAll)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected an instance, and positions or --all: ${app.program} dead-letters ${action} INSTANCE POSITION…`,
    );
  if (!isAll && (text(args, 'grep') !== undefined || originGlobs(args) !== undefined))
    throw new IhandlerError('OPTIONS_INVALID', '--origin and --grep choose among all: give them with --all.');
  const { view, dataDir } = await viewJournal(args, app);
  try {
    mustKnow(instance, Object.keys(view.cursors()));
    if (isAll) {
      const isWanted = letterFilter(args);
      const all = [...deadLettersOf(view, instance)].filter(isWanted);
      const isEvery = text(args, 'grep') === undefined && originGlobs(args) === undefined;
      return { dataDir, instance, positions: all.map(({ position }) => position), isEvery };
    }
    const missing = named.filter(
      (position) => view.deadLetters(instance, position - 1, 1)[0]?.position !== position,
    );
    if (missing.length > 0)
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `${instance} has no dead letter at position ${missing.join(', ')}. See: ${app.program} dead-letters list --instance ${instance}. Nothing was done.`,
      );
    return { dataDir, instance, positions: [...new Set(named)], isEvery: false };
  } finally {
    view.close();
  }
}

function paramsOf({ instance, positions, isEvery }: Chosen) {
  return isEvery ? { instance } : { instance, positions: [...positions] };
}

async function nothing(args: CommandArguments, { terminal }: App, { instance }: Chosen, json: object) {
  await terminal.write(
    args.options['json'] === true ? `${JSON.stringify(json)}\n` : `${instance}: no such dead letters.\n`,
  );
  return exitCodes.nothing;
}

/** `dead-letters retry`: gives them to their handler again. */
export async function retryDeadLetters(args: CommandArguments, app: App): Promise<number> {
  const chosen = await choose(args, app, 'retry');
  const { instance, positions, dataDir } = chosen;
  if (positions.length === 0) return nothing(args, app, chosen, { delivered: 0, dead: 0 });
  const outcome = await performOperation(
    { method: 'retryDeadLetters', params: paramsOf(chosen) },
    { dataDir, instances: [instance], answer: z.object({ delivered: z.number(), dead: z.number() }) },
    args,
    app,
  );
  const still = outcome.dead > 0 ? `, ${outcome.dead.toLocaleString('en')} still dead` : '';
  await app.terminal.write(
    args.options['json'] === true
      ? `${JSON.stringify(outcome)}\n`
      : `${instance}: ${outcome.delivered.toLocaleString('en')} delivered${still}.\n`,
  );
  return outcome.dead > 0 ? exitCodes.partly : exitCodes.ok;
}

/** `dead-letters drop`: removes them for good. */
export async function dropDeadLetters(args: CommandArguments, app: App): Promise<number> {
  const chosen = await choose(args, app, 'drop');
  const { instance, positions, dataDir } = chosen;
  if (positions.length === 0) return nothing(args, app, chosen, { dropped: 0 });
  const question = `Drop ${counted(positions.length, 'dead letter')} of ${instance} for good?`;
  if (!(await confirm(question, args, app))) {
    app.note('nothing was dropped');
    return exitCodes.nothing;
  }
  const dropped = await performOperation(
    { method: 'dropDeadLetters', params: paramsOf(chosen) },
    { dataDir, instances: [instance], answer: z.number() },
    args,
    app,
  );
  await app.terminal.write(
    args.options['json'] === true
      ? `${JSON.stringify({ dropped })}\n`
      : `${instance}: ${dropped.toLocaleString('en')} dropped.\n`,
  );
  return exitCodes.ok;
}
