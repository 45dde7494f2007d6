import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalView } from '@ihandler/core';
import { DAY, formatBytes, formatCount, formatDuration, formatTime } from '@ihandler/core/kit';
import { freeDisk } from '../status/journal-status.ts';
import { type Finding, SET_ASIDE } from './finding.ts';

/** A disk with fewer days left than this is a warning. */
const SOON = 7;
/** Estimates beyond this many days are not exact. */
const LONG = 3650;

function lasting(days: number): string {
  return days > LONG ? 'more than 10 years' : formatDuration(days * DAY);
}

/** Damaged journals that were set aside and not removed yet. */
export function damageFindings(view: JournalView): readonly Finding[] {
  return (view.damages?.() ?? [])
    .filter(({ setAside }) => existsSync(setAside))
    .map(({ setAside, at, problem, readable, lost }) => ({
      severity: 'warning',
      about: setAside,
      found: `the journal was damaged on ${formatTime(at).slice(0, 10)} (${problem.replace(/\.$/, '')}); ${formatCount(readable, 'incident')} readable, at least ${formatCount(lost)} lost`,
      advice: SET_ASIDE,
    }));
}

/** How long the disk and the journal's limit last at the rate of the last 24 hours. */
export function journalFindings(
  view: JournalView,
  file: string | undefined,
  now: number,
): readonly Finding[] {
  const { incidents, bytes: rate } = view.acceptedSince(now - DAY);
  const { bytes, limit } = view.size();
  const today = `${formatCount(incidents, 'incident')} (${formatBytes(rate)}) accepted in 24 hours`;
  const free = file === undefined ? undefined : freeDisk(file);
  const findings: Finding[] = [];
  const days = rate === 0 || free === undefined ? undefined : free / rate;
  // Beyond its limit the journal deletes as much as it adds: the disk fills only up to there.
  const room = limit - bytes;
  if (free !== undefined && file !== undefined)
    findings.push({
      severity: days !== undefined && days < SOON && free < room ? (days < 1 ? 'error' : 'warning') : 'note',
      about: 'disk',
      found: `${formatBytes(free)} free in ${dirname(file)}; ${today}: ${days === undefined ? 'not enough data to estimate how long the disk will last' : `enough for ${lasting(days)} of the journal`}`,
      ...(days !== undefined &&
        days < SOON &&
        free < room && { advice: 'free disk space, or lower the limit of the journal' }),
    });
  if (rate > 0 && room < rate * 2)
    findings.push({
      severity: 'note',
      about: 'journal',
      found: `${formatBytes(bytes)} of at most ${formatBytes(limit)}: incidents older than about ${formatDuration((limit / rate) * DAY)} are being deleted`,
    });
  return findings;
}
