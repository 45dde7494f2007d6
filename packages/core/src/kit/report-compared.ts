import type { Incident } from '../contract/incident.ts';
import type { SourceConflict, SourceContext, SourceReportOptions } from '../contract/source.ts';
import { encodeIncident } from '../incident/incident-codec.ts';

/** The longest text that a reject keeps, in characters. */
const MAX_TEXT = 65_536;

/**
 * Reports incidents whose ids a publisher chose. One that differs from the stored incident with its id is rejected, and does
 * not count as a duplicate.
 */
export async function reportCompared(
  context: SourceContext,
  incidents: readonly Incident[],
  options: SourceReportOptions = {},
): Promise<void> {
  const conflicts: SourceConflict[] = [];
  await context.report(incidents, { ...options, onConflict: (conflict) => conflicts.push(conflict) });
  for (const { incident } of conflicts) {
    const text = encodeIncident(incident);
    await context.reject({
      file: context.instance,
      offset: 0,
      length: Buffer.byteLength(text),
      reason: `Expected the incident that is stored with the id ${incident.id}, found another one with this id.`,
      ...(text.length <= MAX_TEXT && { text }),
    });
  }
}
