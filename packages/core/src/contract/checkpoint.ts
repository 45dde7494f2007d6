import type { Incident } from './incident.ts';
import { parseIncidentId } from './incident-id.ts';

/** The progress of a handler: the highest ordinal it has stored of each stream. It outlives the journal. */
export type Checkpoint = Readonly<Record<string, number>>;

/** Whether a checkpoint covers an incident: the handler has stored it. Throws `INCIDENT_INVALID` for an invalid id. */
export function isTaken(checkpoint: Checkpoint, { id }: Pick<Incident, 'id'>): boolean {
  const { stream, ordinal } = parseIncidentId(id);
  const taken = Object.hasOwn(checkpoint, stream) ? checkpoint[stream] : undefined;
  return taken !== undefined && ordinal <= taken;
}

/** Raises a checkpoint, in place, so that it covers an incident. Throws `INCIDENT_INVALID` for an invalid id. */
export function advance(checkpoint: Record<string, number>, { id }: Pick<Incident, 'id'>): void {
  const { stream, ordinal } = parseIncidentId(id);
  const taken = Object.hasOwn(checkpoint, stream) ? checkpoint[stream] : undefined;
  if (taken === undefined || ordinal > taken) checkpoint[stream] = ordinal;
}

/** Whether `checkpoint` covers everything that `other` covers. */
export function covers(checkpoint: Checkpoint, other: Checkpoint): boolean {
  return Object.entries(other).every(
    ([stream, ordinal]) => Object.hasOwn(checkpoint, stream) && (checkpoint[stream] ?? -1) >= ordinal,
  );
}

/** A stream of which a handler has stored more than the journal has ever had. */
export interface StreamAhead {
  readonly stream: string;
  /** The highest ordinal that the handler has stored. */
  readonly stored: number;
  /** The highest ordinal that the journal has had. */
  readonly known: number;
}

/**
 * The streams of which a checkpoint has more than a journal, whose highest ordinals `highest` returns. Leaves out streams
 * that the journal never had: they come from imports.
 */
export async function streamsAhead(
  checkpoint: Checkpoint,
  highest: (stream: string) => number | undefined | Promise<number | undefined>,
): Promise<readonly StreamAhead[]> {
  const ahead: StreamAhead[] = [];
  for (const [stream, stored] of Object.entries(checkpoint)) {
    const known = await highest(stream);
    if (known !== undefined && known < stored) ahead.push({ stream, stored, known });
  }
  return ahead;
}
