import { decodeIncident, type Incident, isIhandlerError, parseIncidentId } from '@ihandler/core';
import { type EntryValues, entrySum, isSound } from './checksum.ts';

/** A row of the entries, with its checksum. */
export interface EntryRow extends EntryValues {
  readonly sum: number | null;
}

/** The incident of an entry; undefined when it is damaged: readers skip it as if it were deleted. */
export function readEntry(row: EntryRow): Incident | undefined {
  if (!isSound(row, entrySum, row.sum)) return undefined;
  try {
    const incident = decodeIncident(row.body);
    // A row of an earlier version has no checksum.
    return typeof row.sum === 'number' || parseIncidentId(incident.id).ordinal === row.ordinal
      ? incident
      : undefined;
  } catch (error) {
    if (isIhandlerError(error)) return undefined;
    throw error;
  }
}
