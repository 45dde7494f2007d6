import { escapeControls, type IncidentMap } from '@ihandler/core';
import { decodeValue } from '@ihandler/core/kit';
import type { SampleRow } from '../sample-record.ts';

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** A size for people: `12.3 kB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const amount = bytes / 1000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`;
}

/** As many digits of a hash as tell samples apart, and as `samples show` takes. */
const FEW_DIGITS = 12;

/**
 * A sample on one line, without anything that an attacker could use on a terminal: with the whole hash, or, where that does
 * not fit into `columns`, with the beginning of it.
 */
export function listLine(
  { sha256, size, type, storedAt, kept }: SampleRow,
  columns = Number.POSITIVE_INFINITY,
): string {
  const gone = kept === 1 ? '' : '  gone, to make room';
  const line = (hash: string): string =>
    `${time(storedAt)}  ${hash}  ${sizeText(size).padStart(8)}  ${escapeControls(type)}${gone}`;
  const whole = line(sha256);
  const room = columns - (whole.length - sha256.length);
  return whole.length <= columns ? whole : line(sha256.slice(0, Math.max(FEW_DIGITS, room)));
}

function urlText(url: string | Uint8Array): string {
  if (typeof url === 'string') return url === '' ? '(it was uploaded)' : escapeControls(url);
  return escapeControls(Buffer.from(url).toString('latin1'));
}

/** All that is known of a sample, and where it is. */
export function showSample(
  { sha256, sha1, md5, size, type, storedAt, kept, report }: SampleRow,
  file: string,
): string {
  // Safe: only this package writes reports into its record, in just this form.
  const { url, connection } = decodeValue(report) as IncidentMap['ihandler.sample.stored'];
  const from = connection && `${connection.protocol}/${connection.transport} from ${connection.remote.host}`;
  const rows = [
    ['SHA-256', sha256],
    ['SHA-1', sha1],
    ['MD5', md5],
    ['Size', `${size.toLocaleString('en')} bytes`],
    ['Type', type],
    ['Stored', time(storedAt)],
    ['File', kept === 1 ? file : 'gone, to make room (maxTotal)'],
    ['Brought by', urlText(url)],
    ...(from === undefined ? [] : [['Connection', from]]),
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(12)}${escapeControls(value)}`).join('\n');
}
