import { existsSync } from 'node:fs';
import { describeError, type Value } from '@ihandler/core';
import type { HostPlan } from '../assembly/host-plan.ts';
import { hasProblems, loadJournal } from '../assembly/load-journal.ts';

/**
 * The states of the live sources of a plan, by instance, whether they run or not; none without a journal that can be
 * inspected. A failure is logged: an import recognises files less well then.
 */
export async function readLiveStates(plan: HostPlan): Promise<Readonly<Record<string, Value>>> {
  const loaded = await loadJournal(plan);
  if (hasProblems(loaded) || loaded.file === undefined || !existsSync(loaded.file)) return {};
  const { module, options, file } = loaded;
  try {
    const view = module?.view?.(options);
    try {
      return Object.fromEntries(
        Object.entries(view?.sources() ?? {}).map(([instance, { state }]) => [instance, state]),
      );
    } finally {
      view?.close();
    }
  } catch (error) {
    plan.world.log().warn('cannot read what the live sources have read', {
      file,
      error: describeError(error),
    });
    return {};
  }
}
