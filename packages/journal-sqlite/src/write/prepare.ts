import { encodeIncident, IhandlerError, type Incident, parseIncidentId } from '@ihandler/core';
import { exactText } from './exact-text.ts';

/** An incident with its encoded row. */
export interface PreparedIncident {
  readonly incident: Incident;
  readonly stream: string;
  readonly ordinal: number;
  readonly body: string;
}

/** SQLite's limit is 10^9 bytes per row. A longer row would fail its whole transaction. */
const LONGEST_BODY = 300_000_000;

/** Encodes an incident. Throws `INCIDENT_INVALID` when it is too long for a row. */
export function prepareBody(incident: Incident): string {
  const body = encodeIncident(incident);
  if (body.length > LONGEST_BODY)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an incident of at most ${LONGEST_BODY} characters, found ${body.length}.`,
    );
  return body;
}

/** Encodes incidents before they join a transaction, so that an invalid one does not affect the others. */
export function prepare(incidents: readonly Incident[]): readonly PreparedIncident[] {
  // Neighbours usually have the same stream, whose name is converted once and shared.
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
