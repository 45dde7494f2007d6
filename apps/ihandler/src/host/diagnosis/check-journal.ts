import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalView } from '@ihandler/core';
import { counted } from '../../commands/dead-letter-format.ts';
import { bytesInWords } from '../../commands/journal.ts';
import { freeDisk } from '../status/journal-status.ts';
import { type Finding, SET_ASIDE, span } from './finding.ts';

const DAY = 86_400_000;
/** Disks with fewer days left than this are told as a warning. */
const SOON = 7;
/** Nobody plans disks for more days than these. */
const LONG = 3650;

function lasting(days: number): string {
  return days > LONG ? 'more than ten years' : span(days * DAY);
}

/** Damaged journals that are still where they were set aside. */
export function damageFindings(view: JournalView): readonly Finding[] {
  return (view.damages?.() ?? [])
    .filter(({ setAside }) => existsSync(setAside))
    .map(({ setAside, at, problem, readable, lost }) => ({
      severity: 'warning',
      about: setAside,
      found: `the journal was damaged on ${new Date(at).toISOString().slice(0, 10)} (${problem.replace(/\.$/, '')}); ${counted(readable, 'incident')} of it could be read and are in the new one, ${lost} are known to be missing`,
      advice: SET_ASIDE,
    }));
}

/** How long the disk and the journal's own limit last at the rate of the last 24 hours. */
export function journalFindings(
  view: JournalView,
  file: string | undefined,
  now: number,
): readonly Finding[] {
  const { incidents, bytes: rate } = view.acceptedSince(now - DAY);
  const { bytes, limit } = view.size();
  const today = `${incidents.toLocaleString('en')} incidents (${bytesInWords(rate)}) were accepted in 24 hours`;
  const free = file === undefined ? undefined : freeDisk(file);
  const findings: Finding[] = [];
  const days = rate === 0 || free === undefined ? undefined : free / rate;
  // What the journal takes beyond its limit it gives back: only until then the disk fills with it.
  const room = limit - bytes;
  if (free !== undefined && file !== undefined)
    findings.push({
      severity: days !== undefined && days < SOON && free < room ? (days < 1 ? 'error' : 'warning') : 'note',
      about: 'disk',
      found: `${bytesInWords(free)} free in ${dirname(file)}; ${today}: ${days === undefined ? 'nobody can say how long it lasts' : `that lasts ${lasting(days)} for the journal alone`}`,
      ...(days !== undefined &&
        days < SOON &&
        free < room && { advice: 'make room, or lower the limit of the journal' }),
    });
  if (rate > 0 && room < rate * 2)
    findings.push({
      severity: 'note',
      about: 'journal',
      found: `${bytesInWords(bytes)} of at most ${bytesInWords(limit)}: what is older than about ${span((limit / rate) * DAY)} makes room for what comes`,
    });
  return findings;
}
