import { isRecord } from '@ihandler/core/kit';
import { beginsAsRejectsFile, firstLine } from '@ihandler/source-kit';

const sqliteHeader = 'SQLite format 3\0';

/** Whether a file is an SQLite database (https://www.sqlite.org/fileformat2.html, 1.3). */
export function isDatabase(head: Uint8Array): boolean {
  return asBuffer(head).subarray(0, sqliteHeader.length).toString('latin1') === sqliteHeader;
}

function asBuffer(head: Uint8Array): Buffer {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength);
}

function isIncidentLine(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && ['timestamp', 'origin'].every((key) => Object.hasOwn(value, key));
  } catch {
    // This line is not complete JSON; the caller tries others.
    return false;
  }
}

/**
 * Whether this source can read a file, by its first 64 KiB (uncompressed when the file is gzipped): lines of log_incident
 * (some may be invalid, or begin with NUL bytes or byte order marks), a rejects file, or an SQLite database. These bytes do not show which program wrote a database,
 * since the list of tables may be anywhere in the file. The source refuses another program's database when it runs.
 */
export function recognises(head: Uint8Array, _path: string): boolean {
  const bytes = asBuffer(head);
  if (isDatabase(bytes)) return true;
  if (beginsAsRejectsFile(bytes)) return true;
  const first = firstLine(bytes).toString('utf8');
  if (first.length >= bytes.length - 3) return first.startsWith('{') && /"origin"\s*:\s*"/.test(first);
  const lines = bytes.toString('utf8').split('\n', 100);
  return lines.some((line) => isIncidentLine(line.replace(/^[\0\ufeff]+/, '')));
}
