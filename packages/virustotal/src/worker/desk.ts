import type { Log } from '@ihandler/core';
import { type Backlog, createBacklog, STATES } from '../backlog/backlog.ts';
import { createOutbox, type Outbox } from '../backlog/outbox.ts';
import type { Settings } from '../options.ts';
import { openDatabase } from '../schema/open-database.ts';
import { createHolds, type Holds } from './holds.ts';
import { createQuota, type Quota } from './quota.ts';

/** Everything that is kept in the file of an instance: by the running handler, and by commands beside it. */
export interface Desk {
  readonly settings: Settings;
  readonly backlog: Backlog;
  readonly quota: Quota;
  readonly holds: Holds;
  readonly outbox: Outbox;
  /** Counts something by name, for good. */
  count(name: string, more?: number): void;
  /** What was counted, what waits and what is left of the quota. */
  counters(now: number): Readonly<Record<string, number>>;
  close(): void;
}

/** Opens the file of an instance, made when there is none. Throws `TARGET_UNREADABLE`. */
export function openDesk(
  file: string,
  settings: Settings,
  { log, now, random }: { readonly log: Log; readonly now: number; readonly random: () => number },
): Desk {
  const { database, takenOver } = openDatabase(file, now);
  const { files, unusable } = takenOver;
  if (files + unusable > 0)
    log[unusable > 0 ? 'warn' : 'info']("took dionaea's backlog over", { files, unusable });
  const outbox = createOutbox(database);
  const backlog = createBacklog(database, settings, outbox.add);
  const quota = createQuota(database, settings);
  const holds = createHolds(database, log, random);
  const add = database.prepare(
    'INSERT INTO counts (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count',
  );
  const counts = database.prepare<[], { name: string; count: number }>('SELECT name, count FROM counts');
  const left = ({ limit, used }: { limit: number; used: number }): number => Math.max(0, limit - used);

  return {
    settings,
    backlog,
    quota,
    holds,
    outbox,
    count: (name, more = 1) => void add.run(name, more),
    counters(now) {
      const { day, month } = quota.use(now);
      const counted = Object.fromEntries(counts.all().map(({ name, count }) => [name, count]));
      const waiting = STATES.filter((state) => state !== 'done').reduce(
        (sum, state) => sum + backlog.count(state),
        0,
      );
      return {
        backlog: waiting,
        unreported: outbox.waiting(),
        asked: counted['asked'] ?? 0,
        known: counted['known'] ?? 0,
        analysed: counted['analysed'] ?? 0,
        unknown: counted['unknown'] ?? 0,
        skipped: counted['skipped'] ?? 0,
        uploaded: counted['uploaded'] ?? 0,
        refused: counted['refused'] ?? 0,
        quota_left_day: left(day),
        quota_left_month: left(month),
        key_refused: holds.state().keyRefused ? 1 : 0,
      };
    },
    close: () => void database.close(),
  };
}
