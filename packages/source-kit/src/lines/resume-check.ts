import type { Incident } from '@ihandler/core';
import { changedText } from '../text/resume-point.ts';

/**
 * Leaves out what was read before, when a text is read from an earlier position again, and checks that it is still the same
 * text: one of its incidents has the position at which reading stopped.
 */
export interface ResumeCheck {
  /** Whether everything before an offset was read before. Throws `TARGET_UNREADABLE` behind that when the text has changed. */
  isKnown(offset: number): boolean;
  /** The incidents of a line that were not read before. `hasReturn`: it ends with a carriage return. */
  unknown(incidents: readonly Incident[], end: number, hasReturn: boolean): readonly Incident[];
  /** Ends the text at an offset. */
  finish(end: number): void;
}

/** Makes a {@link ResumeCheck} for the position `after`; with `isSame` it is known that the text is the same. */
export function createResumeCheck(file: string, after: number, isSame: boolean): ResumeCheck {
  let isVerified = isSame;
  function verify(): void {
    if (!isVerified) throw changedText(file, after, 'no incident ends there');
  }
  return {
    isKnown(offset) {
      if (offset > after) verify();
      return offset <= after;
    },
    unknown(incidents, end, hasReturn) {
      // The positions of incidents end with that of their line. A line that was read before its CR was written ended earlier.
      const known = Math.max(0, incidents.length - Math.max(0, end - after));
      const wasCut = hasReturn && end - 1 === after;
      isVerified ||= known > 0 && end >= after;
      isVerified ||= wasCut && incidents.length > 0;
      if (end > after) verify();
      return wasCut ? [] : incidents.slice(known);
    },
    finish(end) {
      if (!isVerified) throw changedText(file, after, `it ends at byte ${end}`);
    },
  };
}
