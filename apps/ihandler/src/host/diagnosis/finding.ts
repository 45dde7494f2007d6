import { escapeControls, type Terminal } from '@ihandler/core';
import { fold } from '../../terminal/wrap-text.ts';

/** How bad something is. A `note` is worth knowing, and nothing to be put right. */
export type Severity = 'error' | 'warning' | 'note';

/** Something that `doctor` found. */
export interface Finding {
  readonly severity: Severity;
  /** What it is about: an instance, a file. */
  readonly about: string;
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

const order: readonly Severity[] = ['error', 'warning', 'note'];
const SEVERITY_WIDTH = 9;

/** What to do about a damaged file that was set aside. */
export const SET_ASIDE =
  'keep a copy if you need what is in it, then remove it, and look at the health of the disk';

/** Findings, the worst first, else in the order in which they were found. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/** A finding as a line. */
export function findingLine({ severity, about, found, advice }: Finding, { columns }: Terminal): string {
  const sentences = [`${about}: ${found}`, ...(advice === undefined ? [] : [`To do: ${advice}`])];
  const text = sentences.map((sentence) => `${sentence.replace(/\.$/, '')}.`).join(' ');
  return fold(escapeControls(`${severity.padEnd(SEVERITY_WIDTH)}${text}`), SEVERITY_WIDTH, columns);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `3 years`, `3 days`, `5 hours`, `12 minutes`, `40 seconds`: the largest unit of which there are two. */
export function span(milliseconds: number): string {
  const [size, name] =
    milliseconds >= 2 * YEAR
      ? [YEAR, 'years']
      : milliseconds >= 2 * DAY
        ? [DAY, 'days']
        : milliseconds >= 2 * HOUR
          ? [HOUR, 'hours']
          : milliseconds >= 2 * MINUTE
            ? [MINUTE, 'minutes']
            : [1000, 'seconds'];
  return `${Math.floor(milliseconds / size).toLocaleString('en')} ${name}`;
}
