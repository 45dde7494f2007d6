import { isDeepStrictEqual } from 'node:util';
import type { Incident } from '../contract/incident.ts';
import type { AppendOptions, JournalRun } from '../contract/journal.ts';
import type { SourceConflict, SourceReportOptions } from '../contract/source.ts';
import type { OriginRegistry } from '../origins/create-origins.ts';
import { factsOnly } from './mask/facts-only.ts';
import { maskSensor } from './mask/mask-sensor.ts';

/** Whether the data of an incident is that of another one after a mask. */
function isMasked(data: Incident['data'], other: Incident, origins: OriginRegistry): boolean {
  const masked = maskSensor(other, origins);
  return isDeepStrictEqual(masked.data, data) || isDeepStrictEqual(factsOnly(masked, origins).data, data);
}

/**
 * Whether an incident that arrives is a duplicate of a stored one. A hop may have masked one of them, whichever came first, and
 * the stored one may have been forgotten. Each machine checks schemas and paths for itself, so `misfit` and `local` do not count.
 */
export function isDuplicate(stored: Incident, arrived: Incident, origins: OriginRegistry): boolean {
  if (stored.origin === 'ihandler.incident.forgotten') return true;
  const { origin, timestamp, sensor, data } = arrived;
  if (stored.origin !== origin || stored.timestamp !== timestamp || stored.sensor !== sensor) return false;
  if (isDeepStrictEqual(stored.data, data)) return true;
  return isMasked(data, stored, origins) || isMasked(stored.data, arrived, origins);
}

/** The options of an append for the options of a report: only sources that choose it have ids compared. */
export function appendOptions({
  onConflict,
  rising = false,
  barred,
}: SourceReportOptions): AppendOptions | undefined {
  return onConflict === undefined ? undefined : { rising, barred };
}

/** The incidents of an append that are neither new nor duplicates. */
export function conflictsOf(
  { skipped = [] }: JournalRun,
  origins: OriginRegistry,
): readonly SourceConflict[] {
  return skipped.flatMap(({ incident, why, stored }): SourceConflict[] => {
    if (why !== 'known') return [{ incident, why }];
    return stored === undefined || isDuplicate(stored, incident, origins)
      ? []
      : [{ incident, why: 'different' }];
  });
}

/** How many incidents of an append have ids whose entries retention removed, so that nothing could be compared. */
export function countAssumed({ skipped = [] }: JournalRun): number {
  return skipped.filter(({ why, stored }) => why === 'known' && stored === undefined).length;
}
