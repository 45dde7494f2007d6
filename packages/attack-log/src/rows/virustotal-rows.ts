import type { UntypedData, Value } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { text } from './cells.ts';
import type { RowSink } from './row-sink.ts';

/** dionaea's report of VirusTotal, which has tables of its own. */
export const REPORT = 'dionaea.modules.python.virustotal.report';

/** Whether a report was stored, or why not. */
export type ReportOutcome = 'stored' | 'incomplete' | 'other';

/** Seconds since the Unix epoch of VirusTotal's `2010-10-07 20:37:27`, which is UTC. A number already counts seconds. */
function scanTime(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/.test(value)) return undefined;
  const time = Date.parse(`${value.slice(0, 10)}T${value.slice(11, 19)}Z`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

/**
 * Adds the rows of a VirusTotal report (in the form of its API v2): one for the report, and one for each scanner. dionaea
 * only names a file, which no longer exists when the incident is read: such a report is `incomplete`. A report about a
 * sample that VirusTotal does not know is `other`.
 */
export function virusTotalRows(sink: RowSink, { md5hash, report }: UntypedData): ReportOutcome {
  if (!isRecord(report)) return 'incomplete';
  if (Number(report['response_code']) !== 1) return 'other';
  const md5 = text(md5hash ?? report['md5']);
  const time = scanTime(report['scan_date']);
  if (md5 === null || time === undefined) return 'incomplete';
  const key = sink.add('virustotals', [md5, time, text(report['permalink']) ?? '']);
  const { scans } = report;
  if (isRecord(scans))
    for (const [scanner, scan] of Object.entries(scans)) {
      const result = isRecord(scan) ? text(scan['result']) : null;
      sink.add('virustotalscans', [key, scanner, result === '' ? null : result]);
    }
  return 'stored';
}
