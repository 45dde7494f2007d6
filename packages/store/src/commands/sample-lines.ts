import { escapeControls, type IncidentMap } from '@ihandler/core';
import { decodeValue, formatBytes, formatCount, formatTime } from '@ihandler/core/kit';
import type { SampleRow } from '../sample-record.ts';

/** The fewest digits of a hash that a line shows: enough to tell samples apart, and `samples show` accepts them. */
const SHORT_HASH = 12;

/**
 * A sample on one line, with control characters escaped. Shows the whole hash, or as much of it as fits into `columns`.
 */
export function listLine(
  { sha256, size, type, storedAt, kept }: SampleRow,
  columns = Number.POSITIVE_INFINITY,
): string {
  const deleted = kept === 1 ? '' : '  deleted';
  const line = (hash: string): string =>
    `${formatTime(storedAt)}  ${hash}  ${formatBytes(size).padStart(8)}  ${escapeControls(type)}${deleted}`;
  const whole = line(sha256);
  const room = columns - (whole.length - sha256.length);
  return whole.length <= columns ? whole : line(sha256.slice(0, Math.max(SHORT_HASH, room)));
}

function urlText(url: string | Uint8Array): string {
  if (typeof url === 'string') return url === '' ? '(uploaded by the attacker)' : escapeControls(url);
  return escapeControls(Buffer.from(url).toString('latin1'));
}

/** The record of a sample and the path of its file, one field a line. */
export function showSample(
  { sha256, sha1, md5, size, type, storedAt, kept, report }: SampleRow,
  file: string,
): string {
  // Safe: only this package writes reports into its record, in this form.
  const { url, connection } = decodeValue(report) as IncidentMap['ihandler.sample.stored'];
  const from = connection && `${connection.protocol}/${connection.transport} from ${connection.remote.host}`;
  const rows = [
    ['SHA-256', sha256],
    ['SHA-1', sha1],
    ['MD5', md5],
    ['Size', formatCount(size, 'byte')],
    ['Type', type],
    ['Stored', formatTime(storedAt)],
    ['File', kept === 1 ? file : 'deleted to make space (maxSize)'],
    ['URL', urlText(url)],
    ...(from === undefined ? [] : [['Connection', from]]),
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(12)}${escapeControls(value)}`).join('\n');
}
