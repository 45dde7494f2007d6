import { existsSync } from 'node:fs';
import { type CommandArguments, escapeControls, IhandlerError, type JournalView } from '@ihandler/core';
import type { App } from '../../app.ts';
import { didYouMean } from '../did-you-mean.ts';
import { type HostPlan, planHost } from './host-plan.ts';
import { type ChosenJournal, chooseJournal, isWrong } from './load-journal.ts';

/** What a configuration runs, and the journal it runs on. Nothing is opened. */
export interface JournalPlan extends HostPlan {
  readonly chosen: ChosenJournal;
}

/** Reads a configuration and finds its journal. Throws what is wrong with either. */
export async function planJournal(args: CommandArguments, app: App): Promise<JournalPlan> {
  const plan = planHost(args, app);
  const { configuration, workshop, dataDir } = plan;
  if (configuration.isBroken) throw configuration.error([]);
  const chosen = await chooseJournal({ configuration, dataDir, ...workshop });
  if (isWrong(chosen)) throw configuration.error(chosen);
  return { ...plan, chosen };
}

/** Throws unless there is a journal that another process may work on. */
export function mustBeKept({ chosen, configuration }: JournalPlan): void {
  const { file, name, module } = chosen;
  if (module === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${configuration.file ?? 'Without a configuration'}: the journal is "${name}", which lives in the process that runs: nobody else can look into it. Expected a durable one.`,
    );
  if (file !== undefined && !existsSync(file))
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `There is no journal ${file}: nothing has run here yet. Name the configuration that "ihandler run" is given (-c FILE.yaml), or run it once.`,
    );
}

/** Opens the journal of a configuration for reading, whether a process writes it or not. Throws when there is none. */
export async function viewJournal(
  args: CommandArguments,
  app: App,
): Promise<JournalPlan & { readonly view: JournalView }> {
  const plan = await planJournal(args, app);
  mustBeKept(plan);
  const { name, module, options } = plan.chosen;
  if (module?.view === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `The journal "${name}" cannot be looked into: its package offers no view.`,
    );
  return { ...plan, view: module.view(options) };
}

/** Throws `OPTIONS_INVALID`, with the nearest one and all others, for an instance that nobody knows. */
export function mustKnow(instance: string, known: readonly string[]): void {
  if (known.includes(instance)) return;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    escapeControls(
      `There is no instance ${instance}${didYouMean(instance, known)}. Known here: ${known.join(', ') || 'none'}.`,
    ),
  );
}
