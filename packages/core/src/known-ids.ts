import type { Incident } from './incident.ts';
import { parseIncidentId } from './incident-id.ts';

/** The highest ordinal seen of each stream, which tells what is new: ordinals rise within a stream. */
export interface KnownIds {
  /** Those of a batch that are new, which are known from now on: the batch itself when all are. */
  take(batch: readonly Incident[]): readonly Incident[];
  highest(stream: string): number | undefined;
}

/** Remembers ids for as long as the process lives. */
export function createKnownIds(): KnownIds {
  const highest = new Map<string, number>();

  function takeOne(incident: Incident): boolean {
    const { stream, ordinal } = parseIncidentId(incident.id);
    const known = highest.get(stream);
    if (known !== undefined && ordinal <= known) return false;
    highest.set(stream, ordinal);
    return true;
  }

  /** Most batches are of one stream, rise, and are all new: then only both ends are parsed. */
  function takeRising(batch: readonly Incident[]): boolean {
    const first = batch[0];
    const last = batch.at(-1);
    if (first === undefined || last === undefined) return true;
    const { stream, ordinal } = parseIncidentId(first.id);
    const known = highest.get(stream);
    if (known !== undefined && ordinal <= known) return false;
    const prefix = `${stream}:`;
    for (const { id } of batch) if (!id.startsWith(prefix)) return false;
    highest.set(stream, Math.max(ordinal, parseIncidentId(last.id).ordinal));
    return true;
  }

  return {
    take: (batch) => (takeRising(batch) ? batch : batch.filter(takeOne)),
    highest: (stream) => highest.get(stream),
  };
}
