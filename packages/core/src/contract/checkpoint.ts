import type { Incident } from './incident.ts';
import { parseIncidentId } from './incident-id.ts';

/** How far of each stream a handler has taken: stream → highest ordinal. Outlives any journal. */
export type Checkpoint = Readonly<Record<string, number>>;

/** Whether a checkpoint says that an incident has been taken already. */
export function isTaken(checkpoint: Checkpoint, { id }: Pick<Incident, 'id'>): boolean {
  const { stream, ordinal } = parseIncidentId(id);
  const taken = Object.hasOwn(checkpoint, stream) ? checkpoint[stream] : undefined;
  return taken !== undefined && ordinal <= taken;
}

/** Raises `checkpoint`, in place, so that it covers an incident. */
export function advance(checkpoint: Record<string, number>, { id }: Pick<Incident, 'id'>): void {
  const { stream, ordinal } = parseIncidentId(id);
  const taken = Object.hasOwn(checkpoint, stream) ? checkpoint[stream] : undefined;
  if (taken === undefined || ordinal > taken) checkpoint[stream] = ordinal;
}

/** Whether `checkpoint` covers all that `other` covers. */
export function covers(checkpoint: Checkpoint, other: Checkpoint): boolean {
  return Object.entries(other).every(
    ([stream, ordinal]) => Object.hasOwn(checkpoint, stream) && (checkpoint[stream] ?? -1) >= ordinal,
  );
}
