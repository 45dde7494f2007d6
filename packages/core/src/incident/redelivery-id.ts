import type { Incident } from '../contract/incident.ts';
import { formatIncidentId, parseIncidentId } from '../contract/incident-id.ts';
import { createIncident } from './create-incident.ts';

/** The stream under which a dead letter is redelivered: its ordinal lies below the checkpoint of its own stream. */
function redeliveryStream(stream: string, ordinal: number): string {
  return `${stream}~${ordinal}`;
}

/** A dead letter's incident under a redelivery id, which no checkpoint covers because of later ones: `<stream>~<ordinal>:<ordinal>`. */
export function withRedeliveryId(incident: Incident): Incident {
  const { stream, ordinal } = parseIncidentId(incident.id);
  return Object.freeze({ ...incident, id: formatIncidentId(redeliveryStream(stream, ordinal), ordinal) });
}

/** The reports of a dead letter, as if its redelivery id had caused them: ordinals must rise in the streams of reports too. */
export function redeliveredReports(cause: Incident, reports: readonly Incident[]): readonly Incident[] {
  const { stream: from, ordinal } = parseIncidentId(cause.id);
  return reports.map((report) => {
    const { stream } = parseIncidentId(report.id);
    if (!stream.startsWith(`${from}/`)) return report;
    const id = formatIncidentId(redeliveryStream(from, ordinal) + stream.slice(from.length), ordinal);
    const { origin, timestamp, sensor, data } = report;
    return createIncident({ id, origin, timestamp, sensor, data });
  });
}
