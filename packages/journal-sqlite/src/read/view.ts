import { statSync } from 'node:fs';
import type { JournalDamage, JournalView } from '@ihandler/core';
import { writerOf } from '../database/ownership.ts';
import { parseJournalOptions } from '../options.ts';
import { createAcceptance } from '../write/acceptance.ts';
import { readCursors } from '../write/cursors.ts';
import { createDeadLetterReader } from '../write/dead-letters.ts';
import { readBounds } from '../write/entries.ts';
import { readSourceStates } from '../write/source-states.ts';
import { openReadable } from './readable-journal.ts';

/** A view of a journal in a SQLite file. */
export interface SqliteJournalView extends JournalView {
  /** The damaged journals that were set aside, oldest first, and when, in milliseconds since the Unix epoch. */
  damages(): readonly (JournalDamage & { readonly at: number })[];
}

interface DamageRow {
  readonly at: number;
  readonly set_aside: string;
  readonly problem: string;
  readonly readable: number;
  readonly lost: number;
}

/** Opens a journal for reading, even while another process writes it. Throws `TARGET_UNREADABLE` or `JOURNAL_INVALID`. */
export function view(options: object): SqliteJournalView {
  const { file, maxSize } = parseJournalOptions(options);
  const db = openReadable(file);
  const acceptance = createAcceptance(db);
  const letters = createDeadLetterReader(db);
  const since = db.prepare<[number, number], { readonly incidents: number; readonly bytes: number }>(
    `SELECT count(*) AS incidents, coalesce(sum(octet_length(body)), 0) AS bytes FROM entries
      WHERE position > ? AND accepted_at >= ?`,
  );
  const damages = db.prepare<[], DamageRow>('SELECT * FROM damages ORDER BY at');
  return {
    where: db.name,
    writer: () => writerOf(db.name),
    bounds: () => readBounds(db),
    acceptedAt: (position) => acceptance.acceptedAt(position),
    cursors: () => readCursors(db),
    deadLetters: (instance, after, limit) => letters.list(instance, after, limit),
    sources: () => readSourceStates(db),
    size: () => ({
      bytes: ['', '-wal'].reduce(
        (sum, rest) => sum + (statSync(db.name + rest, { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
      limit: maxSize,
    }),
    acceptedSince(time) {
      const before = acceptance.positionBefore(time);
      return (
        (before === undefined ? undefined : since.get(before, Math.ceil(time))) ?? { incidents: 0, bytes: 0 }
      );
    },
    damages: () => damages.all().map(({ set_aside: setAside, ...damage }) => ({ ...damage, setAside })),
    close: () => {
      db.close();
    },
  };
}
