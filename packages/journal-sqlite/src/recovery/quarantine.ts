import { isUtf8 } from 'node:buffer';
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import type { JournalDamage } from '@ihandler/core';
import type { Store } from '../write/store.ts';
import { noteDamage } from './note-damage.ts';

/** The file beside a journal that keeps damaged entries: one JSON object a line. */
export function quarantineOf(file: string): string {
  return `${file}.quarantine.ndjson`;
}

interface RawEntry {
  readonly position: number;
  readonly ordinal: number;
  readonly accepted_at: number;
  readonly body: Uint8Array;
}

function lineOf({ position, ordinal, accepted_at: acceptedAt, body }: RawEntry, at: number): string {
  const bytes = Buffer.from(body);
  const text = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
  return `${JSON.stringify({ quarantined: new Date(at).toISOString(), position, ordinal, acceptedAt, ...text })}\n`;
}

/** Appends a text and waits until the disk has it. */
function appendDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'a', 0o640);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Moves damaged entries from the journal to the quarantine file, and counts them as lost. Writes the file first, so that a
 * crash loses nothing. Call it within a transaction. Undefined when none of them is there any more.
 */
export function quarantine(
  { db, entries }: Store,
  positions: readonly number[],
  at: number,
): JournalDamage | undefined {
  const raw = db.prepare<[number], RawEntry>(
    'SELECT position, ordinal, accepted_at, CAST(body AS BLOB) AS body FROM entries WHERE position = ?',
  );
  const rows = positions.flatMap((position) => raw.get(position) ?? []);
  if (rows.length === 0) return undefined;
  const file = quarantineOf(db.name);
  appendDurably(file, rows.map((row) => lineOf(row, at)).join(''));
  for (const { position } of rows) entries.removeDamaged(position);
  const problem = `entries do not match their checksum, the first at position ${String(rows[0]?.position)}`;
  return noteDamage(db, { setAside: file, problem, lost: rows.length }, at);
}
