import { describeError } from '../contract/error.ts';
import type { Incident } from '../contract/incident.ts';
import { namesHost } from '../incident/addresses.ts';
import { formatCount } from '../kit/format.ts';
import { withinNetworks } from '../routing/entry-filter.ts';
import { settlesWithin } from '../timing/settles-within.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';

/** How long to wait for a handler that is busy with a delivery, in milliseconds. */
const PATIENCE = 30_000;

/** Waits for the answer of one handler; returns its summary, or why it did nothing yet. */
async function answerOf(forgetting: Promise<string>, patience: number): Promise<string> {
  const answer = forgetting.catch((error: unknown) => `failed: ${describeError(error)}`);
  if (await settlesWithin(answer, patience)) return answer;
  return 'not done yet: busy with a delivery, will forget when it ends';
}

/**
 * Forgets networks: first in the journal, so that nothing of them is delivered any more, then in every started handler,
 * between deliveries. What a running delivery has left in the journal meanwhile, such as a dead letter, is removed last.
 * `patience` is how long to wait for a busy handler, in milliseconds.
 */
export async function forget(
  networks: readonly string[],
  { journal, lanes }: Pick<DispatcherParts, 'journal' | 'lanes'>,
  patience: number = PATIENCE,
): Promise<Readonly<Record<string, string>>> {
  const isForgotten = withinNetworks(networks);
  const matches = (incident: Incident) => namesHost(incident.data, isForgotten);
  let entries = 0;
  let deadLetters = 0;

  async function forgetInJournal(): Promise<void> {
    // The dead letters of running instances are dropped through their counts.
    for (const lane of lanes)
      deadLetters += await lane.deadLetters().drop(({ incident }) => matches(incident));
    for (const lane of lanes) await lane.handler.forgetState(isForgotten);
    const forgotten = await journal.forget(matches);
    entries += forgotten.entries;
    deadLetters += forgotten.deadLetters;
    await Promise.all(lanes.map((lane) => lane.forgotten()));
  }

  await forgetInJournal();
  const wasBusy = lanes.some((lane) => lane.isBusy());
  const answers = await Promise.all(
    lanes.map(async (lane) => {
      const forgetting = lane.handler.forget(isForgotten);
      return forgetting === undefined ? [] : [[lane.instance, await answerOf(forgetting, patience)] as const];
    }),
  );
  if (wasBusy) await forgetInJournal();
  const removed = `${formatCount(entries, 'incident')}, ${formatCount(deadLetters, 'dead letter')}`;
  return { ...Object.fromEntries(answers.flat()), journal: removed };
}
