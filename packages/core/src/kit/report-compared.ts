import type { Incident } from '../contract/incident.ts';
import { parseIncidentId } from '../contract/incident-id.ts';
import type { SourceConflict, SourceContext, SourceReportOptions } from '../contract/source.ts';
import { encodeIncident } from '../incident/incident-codec.ts';
import { withRedeliveryId } from '../incident/redelivery-id.ts';

/** The longest text that a reject keeps, in characters. */
const MAX_TEXT = 65_536;

/** Whether the ordinal of an incident is lower than one before it, in the batch or in the journal. */
async function hasFalling(context: SourceContext, incidents: readonly Incident[]): Promise<boolean> {
  const highest = new Map<string, number>();
  for (const { id } of incidents) {
    const { stream, ordinal } = parseIncidentId(id);
    let last = highest.get(stream);
    if (last === undefined) {
      const newest = await context.newestOf?.(stream);
      last = newest === undefined ? -1 : parseIncidentId(newest.id).ordinal;
    }
    if (ordinal < last) return true;
    highest.set(stream, ordinal);
  }
  return false;
}

async function rejectTaken(context: SourceContext, incident: Incident): Promise<void> {
  const text = encodeIncident(incident);
  await context.reject({
    file: context.instance,
    offset: 0,
    length: Buffer.byteLength(text),
    reason: `Expected the incident that is stored with the id ${incident.id}, found another one with this id.`,
    ...(text.length <= MAX_TEXT && { text }),
  });
}

/**
 * Reports incidents whose ids a publisher chose, from a server that does not pass problems on to them. One that differs from the
 * stored incident with its id is rejected, and does not count as a duplicate. One whose ordinal falls would be skipped by every
 * handler with a checkpoint: it is stored under its redelivery id, `<stream>~<ordinal>:<ordinal>`.
 */
export async function reportCompared(
  context: SourceContext,
  incidents: readonly Incident[],
  options: SourceReportOptions = {},
): Promise<void> {
  const conflicts: SourceConflict[] = [];
  const comparing = {
    ...options,
    rising: true,
    onConflict: (conflict: SourceConflict) => void conflicts.push(conflict),
  };
  // The state is stored with the last report, so that a crash in between repeats both.
  const { state: _, ...withoutState } = comparing;
  const inTwo = await hasFalling(context, incidents);
  await context.report(incidents, inTwo ? withoutState : comparing);
  const renamed = conflicts
    .filter(({ why }) => why === 'behind')
    .map(({ incident }) => withRedeliveryId(incident));
  if (inTwo || renamed.length > 0) await context.report(renamed, comparing);
  for (const { incident, why } of conflicts) if (why === 'different') await rejectTaken(context, incident);
}
