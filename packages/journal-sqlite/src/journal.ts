import { dirname } from 'node:path';
import { IhandlerError, type Journal, type JournalDamage, type JournalRun } from '@ihandler/core';
import { encodeValue } from '@ihandler/core/kit';
import { assertDriver } from '@ihandler/sqlite-file';
import { createSpaceCheck, freeBytesOf } from './database/disk-space.ts';
import { type OpenJournal, openJournal } from './database/open-journal.ts';
import { type JournalSqliteOptions, parseJournalOptions } from './options.ts';
import { type HighWaterMark, keepHighWater } from './recovery/high-water.ts';
import { quarantine } from './recovery/quarantine.ts';
import { forget } from './retention/forget.ts';
import { createRetention, type Retention } from './retention/retention.ts';
import { createInstanceUse, type InstanceUse } from './write/instance-use.ts';
import { prepare, prepareBody } from './write/prepare.ts';
import type { Store } from './write/store.ts';

/** A journal in a SQLite file. */
export interface SqliteJournal extends Journal {
  /** The damage that the last `open`, or a read since, found; undefined when the journal was sound. */
  readonly damage: JournalDamage | undefined;
}

/** An open journal with its space check, retention and instance use. */
interface WorkingJournal extends OpenJournal {
  readonly checkSpace: () => void;
  readonly retention: Retention;
  readonly use: InstanceUse;
  readonly mark: HighWaterMark;
}

/**
 * A journal in a SQLite file. An acknowledged append survives a crash of the process and of the machine; calls in the same
 * turn share one fsync. On a full disk, `append` rejects with `JOURNAL_FULL` and stores nothing, and the journal stays
 * usable. After a failed fsync, every call rejects with `JOURNAL_FAILED`. `open` throws `JOURNAL_BUSY` when a process has
 * the journal open (this one included). It throws `JOURNAL_INVALID`, and changes nothing, for a newer version and for any
 * other file. It sets a damaged journal aside: see `damage`. Throws `OPTIONS_INVALID`.
 */
export function journalSqlite(options: JournalSqliteOptions): SqliteJournal {
  const settings = parseJournalOptions(options);
  assertDriver();
  const { file, minFree, freeBytes = freeBytesOf, onDamage, now = Date.now } = settings;
  let working: WorkingJournal | undefined;
  let damage: JournalDamage | undefined;
  let lastBounds = { before: 0, last: 0 };

  function openOrThrow(): WorkingJournal {
    if (working === undefined)
      throw new IhandlerError('LIFE_CYCLE', `The journal ${file} is not open: call open() first.`);
    return working;
  }

  function reads<T>(work: (store: Store) => T): T {
    const store = openOrThrow();
    return store.access.read(() => work(store));
  }

  /** Adds work to the transaction of this turn. `at` is the time of acceptance. */
  async function writes<T>({ group, retention, mark }: WorkingJournal, work: (at: number) => T): Promise<T> {
    const result = await group.add(() => work(Math.trunc(now())));
    retention.afterWrite();
    mark.afterWrite();
    return result;
  }

  /** Moves damaged entries that were read to the quarantine file. Those that stay are found again when they are read. */
  function quarantineDamaged(journal: WorkingJournal): void {
    const positions = [...journal.damagedEntries];
    journal.damagedEntries.clear();
    writes(journal, (at) => quarantine(journal, positions, at)).then(
      (found) => {
        if (found === undefined) return;
        damage = found;
        onDamage?.(found);
      },
      () => undefined, // a full or failing disk, which the next write of incidents reports
    );
  }

  return {
    name: 'sqlite',
    durable: true,
    minFree,
    get damage() {
      return damage;
    },
    open() {
      if (working !== undefined)
        throw new IhandlerError('LIFE_CYCLE', `The journal ${file} is open already: call close() first.`);
      const opened = openJournal(settings, now());
      const use = createInstanceUse(opened, now);
      working = {
        ...opened,
        use,
        checkSpace: createSpaceCheck(dirname(opened.db.name), minFree, freeBytes),
        retention: createRetention(opened, settings, { now, tick: use.renew }),
        mark: keepHighWater(opened.db, () => opened.entries.bounds().last),
      };
      damage = opened.damage;
      if (damage !== undefined) onDamage?.(damage);
    },
    close() {
      if (working === undefined) return;
      const { db, access, entries, group, ownership, retention, use, mark } = working;
      working = undefined;
      retention.close();
      group.flush();
      use.close();
      lastBounds = entries.bounds();
      mark.close();
      try {
        db.close();
      } finally {
        ownership.release(access.failure() && 'as-crashed');
      }
    },
    bounds: () => working?.entries.bounds() ?? lastBounds,
    async append(incidents, mark, options): Promise<JournalRun> {
      const journal = openOrThrow();
      const { entries, sources, checkSpace } = journal;
      checkSpace();
      const prepared = prepare(incidents);
      const state = mark && encodeValue(mark.state);
      return writes(journal, (at) => {
        if (mark !== undefined && state !== undefined) sources.set(mark.source, state, at);
        return entries.insert(prepared, at, options);
      });
    },
    sourceState: (source) => reads(({ sources }) => sources.get(source)),
    read(after, limit) {
      const run = reads(({ entries }) => entries.read(after, limit));
      const journal = openOrThrow();
      if (journal.damagedEntries.size > 0) quarantineDamaged(journal);
      return run;
    },
    newest: (stream) => reads(({ entries }) => entries.newest(stream)),
    highest: (stream) => reads(({ entries }) => entries.highest(stream)),
    cursor(instance) {
      const cursor = reads(({ cursors }) => cursors.get(instance));
      if (cursor !== undefined) openOrThrow().use.note(instance);
      return cursor;
    },
    async commit({ instance, cursor, deadLetters, settled = [], reports, mark }): Promise<JournalRun> {
      const journal = openOrThrow();
      const { entries, cursors, sources, deadLetters: letters } = journal;
      const preparedLetters = deadLetters.map(({ incident, ...letter }) => ({
        ...letter,
        body: prepareBody(incident),
      }));
      const prepared = prepare(reports);
      const state = mark && encodeValue(mark.state);
      journal.use.note(instance);
      return writes(journal, (at) => {
        cursors.set(instance, cursor, at);
        if (mark !== undefined && state !== undefined) sources.set(mark.source, state, at);
        for (const position of settled) letters.remove(instance, position);
        for (const letter of preparedLetters) letters.add(letter);
        return entries.insert(prepared, at);
      });
    },
    deadLetters: (instance, after, limit) =>
      reads(({ deadLetters }) => deadLetters.list(instance, after, limit)),
    release(upTo) {
      const { retention, mark } = openOrThrow();
      retention.release(upTo);
      mark.release(upTo);
    },
    acceptedAt: (position) => reads(({ acceptance }) => acceptance.acceptedAt(position)),
    positionBefore: (time) =>
      reads(({ acceptance, entries }) => acceptance.positionBefore(time) ?? entries.bounds().last),
    async forget(matches) {
      return forget(openOrThrow(), matches);
    },
  };
}
