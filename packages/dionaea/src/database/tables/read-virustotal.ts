import type { Value } from '@ihandler/core';
import { toMilliseconds, toText, toValue } from '../cells.ts';
import type { RowResult, TableRow } from './mapping.ts';

/** `YYYY-MM-DD HH:MM:SS` in UTC, as version 2 of VirusTotal's API writes it. */
function formatScanDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

/** Reads a row of `virustotals` with its scans, as a report of version 2 of VirusTotal's API. Its time is that of the scan. */
export function readVirustotal({ row, cells, time, related }: TableRow): RowResult {
  const { md5hash = null, timestamp, permalink = null } = cells;
  const stored = typeof timestamp === 'number' || typeof timestamp === 'string' ? timestamp : null;
  const scanned = toMilliseconds(stored) ?? time;
  // Without a prototype, since an engine may have any name.
  const scans: { [engine: string]: Value } = Object.create(null);
  const columns = ['virustotalscan_scanner', 'virustotalscan_result'];
  for (const scan of related.of('virustotalscans', 'virustotal', row, columns)) {
    const result = toValue(scan['virustotalscan_result']);
    scans[toText(scan['virustotalscan_scanner'])] = { detected: result !== null, result };
  }
  const report = { response_code: 1, permalink, scan_date: formatScanDate(scanned), scans };
  return {
    origin: 'dionaea.modules.python.virustotal.report',
    timestamp: scanned,
    data: { md5hash, report },
  };
}
