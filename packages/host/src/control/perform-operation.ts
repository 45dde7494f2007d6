import { existsSync } from 'node:fs';
import { IhandlerError, type LaneStatus } from '@ihandler/core';
import { pause } from '@ihandler/core/kit';
import type { HostPlan } from '../assembly/host-plan.ts';
import { prepareHost, startHost } from '../assembly/prepare-host.ts';
import { durableJournalOf, journalOf } from '../assembly/view-journal.ts';
import { asOwner } from '../ownership/as-owner.ts';
import { callControl } from './control-client.ts';
import { answers, type Operation, type OperationAnswers, operate } from './operations.ts';

/** How to perform an operation. */
export interface OperationOptions {
  /** The instances to start when no process runs on the data folder. */
  readonly instances: readonly string[];
  readonly signal: AbortSignal;
  /** Gets the progress of a replay. */
  readonly onProgress?: (progress: unknown) => void;
}

/** Waits until every handler has started; throws for one that does not. */
export async function waitForStart(
  status: () => readonly LaneStatus[],
  patience: number,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + patience;
  const starting = () => status().find(({ state }) => state === 'starting');
  while (starting() !== undefined && performance.now() < until && !signal.aborted) await pause(50, signal);
  const stuck = starting();
  if (stuck !== undefined && !signal.aborted)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `${stuck.instance} did not start: ${stuck.failure ?? 'it stopped responding'}. Nothing was done.`,
    );
}

/** Whether an operation can do without the journal: databases that only imports have filled need none. */
async function needsNoJournal(
  { method }: Operation,
  { instances }: OperationOptions,
  plan: HostPlan,
): Promise<boolean> {
  if (method !== 'forget' || instances.length === 0) return false;
  const { module, file } = await journalOf(plan);
  return module === undefined || (file !== undefined && !existsSync(file));
}

async function performHere(
  operation: Operation,
  options: OperationOptions,
  plan: HostPlan,
): Promise<unknown> {
  const { signal, onProgress } = options;
  const withoutJournal = await needsNoJournal(operation, options, plan);
  if (!withoutJournal) await durableJournalOf(plan);
  const { dispatcher } = await startInstances(plan, options.instances, withoutJournal);
  const { start } = plan.world.patience;
  try {
    await waitForStart(() => dispatcher.status(), start, signal);
    // A replay covers only what the instance has had before; its backlog is delivered first.
    if (operation.method === 'replay') await dispatcher.drain({ stalledAfter: start, signal });
    const answer = await operate(dispatcher, operation, onProgress ?? (() => undefined), signal);
    return withoutJournal ? withoutJournalOf(answer) : answer;
  } finally {
    await dispatcher.close();
  }
}

/** An answer without that of the journal. */
function withoutJournalOf(answer: unknown): unknown {
  return Object.fromEntries(
    Object.entries(answers.forget.parse(answer)).filter(([name]) => name !== 'journal'),
  );
}

async function startInstances(plan: HostPlan, instances: readonly string[], withoutJournal: boolean) {
  const prepared = await prepareHost(plan, { instances, sources: false, withoutJournal });
  const { starting } = await startHost(prepared);
  starting.catch((error: unknown) => plan.world.log().error('a handler failed to start', { error }));
  return prepared;
}

/**
 * Performs an operation in the process that runs on the data folder, else in this one, which then opens the journal and
 * starts only the named instances. Throws the operation's error, and `JOURNAL_BUSY` when a process holds the journal that
 * does not answer.
 */
export async function performOperation<Method extends Operation['method']>(
  operation: Operation & { readonly method: Method },
  options: OperationOptions,
  plan: HostPlan,
): Promise<OperationAnswers[Method]> {
  const { onProgress, signal } = options;
  const call = { signal, ...(onProgress && { onProgress }) };
  const answered = await callControl(plan.dataDir, operation.method, operation.params, call);
  const answer =
    answered === undefined ? await asOwner(plan, {}, () => performHere(operation, options, plan)) : answered;
  // Safe: `answers` has the schema of each method's answer under its name.
  return answers[operation.method].parse(answer) as OperationAnswers[Method];
}
