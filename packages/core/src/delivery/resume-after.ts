import type { DispatcherParts } from './dispatcher-parts.ts';

/**
 * The ordinal of a stream after which a source continues: what the journal had appended; with an in-memory journal also what
 * the checkpoints of all handlers cover. Undefined: from the start.
 */
export async function resumeAfter(
  stream: string,
  { journal, lanes }: Pick<DispatcherParts, 'journal' | 'lanes'>,
): Promise<number | undefined> {
  const appended = await journal.highest(stream);
  if (journal.durable || lanes.length === 0) return appended;
  let lowest: number | undefined = Number.POSITIVE_INFINITY;
  for (const lane of lanes) {
    const stored = lane.stored(stream);
    lowest = stored === undefined || lowest === undefined ? undefined : Math.min(lowest, stored);
  }
  if (appended === undefined || lowest === undefined) return appended ?? lowest;
  return Math.max(appended, lowest);
}

/** Whether every handler that keeps a checkpoint has a stream up to an ordinal. */
export function handlersHave(
  stream: string,
  ordinal: number,
  { lanes, checkpointed }: Pick<DispatcherParts, 'lanes' | 'checkpointed'>,
): boolean {
  return lanes.every((lane) => !checkpointed.has(lane.instance) || (lane.stored(stream) ?? -1) >= ordinal);
}
