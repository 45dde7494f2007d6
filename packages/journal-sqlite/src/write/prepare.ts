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

/** The body of an incident. Throws `INCIDENT_INVALID` for one that no row can hold. */
export function prepareBody(incident: Incident): string {
  const body = encodeIncident(incident);
  if (body.length > LONGEST_BODY)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an incident of at most ${LONGEST_BODY} characters, found ${body.length}.`,
    );
  return body;
}

/** Encodes incidents before they join a transaction, so that one that cannot be written disturbs no other. */
export function prepare(incidents: readonly Incident[]): readonly Prepared[] {
  // Neighbours are mostly of one stream: its name is looked at once, and one string stands for it.
  let name = '';
  let exact = '';
  return incidents.map((incident) => {
    const { stream, ordinal } = parseIncidentId(incident.id);
    if (stream !== name) {
      name = stream;
      exact = exactText(stream);
    }
    return { incident, stream: exact, ordinal, body: prepareBody(incident) };
  });
}
