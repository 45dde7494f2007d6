import { existsSync } from 'node:fs';
import { IhandlerError, type JournalView } from '@ihandler/core';
import type { HostPlan } from './host-plan.ts';
import { hasProblems, type LoadedJournal, loadJournal } from './load-journal.ts';

/** Loads the journal of a plan; opens nothing. Throws when the configuration or the journal has problems. */
export async function journalOf(plan: HostPlan): Promise<LoadedJournal> {
  const { configuration } = plan;
  if (configuration.isBroken) throw configuration.error([]);
  const loaded = await loadJournal(plan);
  if (hasProblems(loaded)) throw configuration.error(loaded);
  return loaded;
}

/** Loads the journal of a plan. Throws unless it is one that other processes can open, and exists. */
export async function durableJournalOf(plan: HostPlan): Promise<LoadedJournal> {
  const loaded = await journalOf(plan);
  const { file, name, module } = loaded;
  if (module === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${plan.configuration.file ?? 'Without a configuration'}: the journal "${name}" exists only inside the running process. This command needs a durable journal.`,
    );
  if (file !== undefined && !existsSync(file))
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `There is no journal ${file} yet. Use the same configuration as "ihandler run" (-c FILE.yaml), or run that first.`,
    );
  return loaded;
}

/** Opens the journal of a plan for reading, whether a process writes it or not. Throws when there is none. */
export async function openJournalView(plan: HostPlan): Promise<JournalView> {
  const { name, module, options } = await durableJournalOf(plan);
  if (module?.view === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `The journal "${name}" cannot be inspected: its package does not support it.`,
    );
  return module.view(options);
}
