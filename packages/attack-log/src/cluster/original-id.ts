import { parseIncidentId } from '@ihandler/core';

/** The place of an incident: the stream it came from, and its ordinal there. */
export interface IncidentPlace {
  readonly stream: string;
  readonly ordinal: number;
}

/**
 * Marks the stream of copies: incidents that were read from a database of log-sqlite, which records where each row came from.
 * A copy of `<stream>:<ordinal>` has the id `<stream>~copy.<database>.<table>.<run>:<ordinal>`.
 */
const COPY = '~copy.';
const copyMark = /~copy\.[\w.]+/;

/** Whether an id is that of a copy, or of a report that a copy caused. */
export function isCopy(incidentId: string): boolean {
  return incidentId.includes(COPY);
}

/**
 * The place of an incident in the stream it came from, also when it is a copy, or a dead letter that was retried
 * (`<stream>~<ordinal>`).
 */
export function placeOf(incidentId: string): IncidentPlace {
  const { stream: full, ordinal } = parseIncidentId(incidentId);
  const stream = full.includes(COPY) ? full.replace(copyMark, '') : full;
  const end = `~${ordinal}`;
  return { stream: stream.endsWith(end) ? stream.slice(0, -end.length) : stream, ordinal };
}
