import { escapeControls } from '@ihandler/core';
import { formatTime } from '@ihandler/core/kit';
import type { FileFacts } from '../api/file-report.ts';

/** The report of VirusTotal on a file, one fact a line. */
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
    ['first seen', firstSeenAt === undefined ? undefined : formatTime(firstSeenAt)],
    ['analysed', analysedAt === undefined ? undefined : formatTime(analysedAt)],
    ['sha256', facts.sha256],
    ['md5', facts.md5],
    ['', facts.permalink],
  ];
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(12)}${escapeControls(value ?? '')}\n`)
    .join('');
}
