import { encodeIncident, IhandlerError, type Incident, parseIncidentId } from '@ihandler/core';
import { exactText } from './exact-text.ts';

/** An incident as it is about to be written. */
export interface Prepared {
  readonly incident: Incident;
  readonly stream: string;
  readonly ordinal: number;
  readonly body: string;
}

/** SQLite's limit is 10^9 bytes a row, and what exceeds it would fail the others of its transaction too. */
const LONGEST_BODY = 300_000_000;

/** Encodes an incident before it joins a transaction, so that one that cannot be written disturbs no other. */
export function prepare(incident: Incident): Prepared {
  const { stream, ordinal } = parseIncidentId(incident.id);
  const body = encodeIncident(incident);
  if (body.length > LONGEST_BODY)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an incident of at most ${LONGEST_BODY} characters, found ${body.length}.`,
    );
  return { incident, stream: exactText(stream), ordinal, body };
}
