import { firstLine } from './text/first-line.ts';

const sqliteHeader = 'SQLite format 3\0';

/** Whether a file is an SQLite database (https://www.sqlite.org/fileformat2.html, 1.3). */
export function isDatabase(head: Uint8Array): boolean {
  return asBuffer(head).subarray(0, sqliteHeader.length).toString('latin1') === sqliteHeader;
}

/** Whether a file begins with a line that `formatReject` of core wrote, as far as its first bytes say. */
export function isRejectsFile(head: Uint8Array): boolean {
  return firstLine(asBuffer(head)).toString('latin1', 0, 20).startsWith('{"rejected":');
}

function asBuffer(head: Uint8Array): Buffer {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength);
}

function isIncidentLine(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return false;
    return ['timestamp', 'origin'].every((key) => Object.hasOwn(value, key));
  } catch {
    // No whole JSON: the caller looks at other lines.
    return false;
  }
}

/**
 * Whether this source can read a file, from its first 64 KiB (uncompressed when the file is gzipped): lines of
 * log_incident (some may be broken), a rejects file, or an SQLite database. Of which program cannot be seen there: the
 * list of its tables may be anywhere in the file. Another program's is refused, in words, when the source runs.
 */
export function recognises(head: Uint8Array, _path: string): boolean {
  const bytes = asBuffer(head);
  if (isDatabase(bytes)) return true;
  if (isRejectsFile(bytes)) return true;
  if (bytes.includes(0)) return false;
  const first = firstLine(bytes).toString('utf8');
  if (first.length >= bytes.length - 3) return first.startsWith('{') && /"origin"\s*:\s*"/.test(first);
  return bytes.toString('utf8').split('\n', 100).some(isIncidentLine);
}
