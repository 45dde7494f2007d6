import { describeError } from '../../contract/error.ts';
import type { Incident } from '../../contract/incident.ts';
import { chainDepth } from '../../contract/incident-id.ts';
import { describeFailure } from '../../contract/text/describe-failure.ts';
import { MAX_CHAIN, reportedIncident } from './attempts/report-collector.ts';
import type { LaneParts } from './lane-parts.ts';

type Parts = Pick<LaneParts, 'handler' | 'context' | 'cursor' | 'hide'>;

/** An incident that its handler could not process. */
export interface FailedIncident {
  readonly incident: Incident;
  readonly position: number;
  readonly error: unknown;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Moves an incident to the dead letters of the cursor's instance, and reports that to the other handlers. */
export async function moveToDeadLetters(
  parts: Parts,
  { incident, position, error, attempts }: FailedIncident,
): Promise<void> {
  const { context, cursor, hide } = parts;
  const reason = hide(describeFailure(error));
  context.log.error('moved an incident to the dead letters', {
    origin: incident.origin,
    incident: incident.id,
    reason,
    attempts,
  });
  cursor.account(position, 0, 1);
  const letter = { instance: cursor.instance, position, incident, reason, attempts, at: context.now() };
  // Without the place in the code: the report may leave this machine.
  cursor.owe(failedReport(parts, incident, hide(describeError(error)), attempts), [letter]);
  await cursor.commit();
}

/** The report of a dead letter for the other handlers; none when that would make a loop. */
function failedReport(
  { handler, context }: Parts,
  incident: Incident,
  message: string,
  attempts: number,
): readonly Incident[] {
  if (incident.origin === 'ihandler.handler.failed' || chainDepth(incident.id) >= MAX_CHAIN) return [];
  const { instance } = context;
  const data = {
    instance,
    handler: handler.name,
    origin: incident.origin,
    incident: incident.id,
    message,
    attempts,
  };
  return [reportedIncident(incident, instance, 'failed', 'ihandler.handler.failed', data, context.now())];
}
