import { escapeControls } from '@ihandler/core';
import type { FileFacts } from '../api/file-report.ts';

/** `2026-11-25 13:37 UTC`. */
export function shownTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** What VirusTotal says of a file, in lines for a terminal. */
export function verdictLines(facts: FileFacts): string {
  const { malicious = 0, engines = 0, label, type, names = [], analysedAt, firstSeenAt } = facts;
  const rows: (readonly [string, string | undefined])[] = [
    [
      'verdict',
      analysedAt === undefined
        ? 'not analysed yet'
        : `${malicious} of ${engines} engines${label ? `, ${label}` : ''}`,
    ],
    ['type', type],
    ['names', names.length > 0 ? names.join(', ') : undefined],
    ['first seen', firstSeenAt === undefined ? undefined : shownTime(firstSeenAt)],
    ['analysed', analysedAt === undefined ? undefined : shownTime(analysedAt)],
    ['sha256', facts.sha256],
    ['md5', facts.md5],
    ['', facts.permalink],
  ];
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(12)}${escapeControls(value ?? '')}\n`)
    .join('');
}
