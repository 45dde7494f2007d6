import type { Log } from '@ihandler/core';
import { Backlog } from './backlog/backlog.ts';
import { forgetAddresses } from './backlog/forget-addresses.ts';
import { createOutbox, type Outbox } from './backlog/outbox.ts';
import { STATES } from './backlog/task.ts';
import type { Settings } from './options.ts';
import { openDatabase } from './schema/open-database.ts';
import { Cooldowns } from './worker/cooldowns.ts';
import { createQuota, type Quota } from './worker/quota.ts';

/** The data of an instance, in its database. The running handler and commands beside it use it at the same time. */
export interface InstanceData {
  readonly settings: Settings;
  readonly backlog: Backlog;
  readonly quota: Quota;
  readonly cooldowns: Cooldowns;
  readonly outbox: Outbox;
  /** Increases a persistent counter. */
  count(name: string, more?: number): void;
  /** The counters, the size of the backlog and the rest of the quota. */
  counters(now: number): Readonly<Record<string, number>>;
  /** Removes forgotten hosts. Returns a sentence for the operator. */
  forget(isForgotten: (host: string) => boolean): string;
  close(): void;
}

/** Opens the data of an instance, and creates the file if it is missing. Throws `TARGET_UNREADABLE`. */
export function openInstanceData(
  file: string,
  settings: Settings,
  { log, now, random }: { readonly log: Log; readonly now: number; readonly random: () => number },
): InstanceData {
  const { database, takenOver } = openDatabase(file, now);
  const { files, unusable } = takenOver;
  if (files + unusable > 0)
    log[unusable > 0 ? 'warn' : 'info']("took over dionaea's backlog", { files, unusable });
  const outbox = createOutbox(database);
  const backlog = new Backlog(database, settings, outbox.add);
  const quota = createQuota(database, settings);
  const cooldowns = new Cooldowns(database, log, random);
  const add = database.prepare(
    'INSERT INTO counts (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count',
  );
  const counts = database.prepare<[], { name: string; count: number }>('SELECT name, count FROM counts');
  const left = ({ limit, used }: { limit: number; used: number }): number => Math.max(0, limit - used);

  return {
    settings,
    backlog,
    quota,
    cooldowns,
    outbox,
    count: (name, more = 1) => void add.run(name, more),
    counters(now) {
      const { day, month } = quota.use(now);
      const counted = Object.fromEntries(counts.all().map(({ name, count }) => [name, count]));
      const pending = STATES.filter((state) => state !== 'done').reduce(
        (sum, state) => sum + backlog.count(state),
        0,
      );
      return {
        backlog: pending,
        unreported: outbox.pending(),
        asked: counted['asked'] ?? 0,
        known: counted['known'] ?? 0,
        analysed: counted['analysed'] ?? 0,
        unknown: counted['unknown'] ?? 0,
        skipped: counted['skipped'] ?? 0,
        uploaded: counted['uploaded'] ?? 0,
        refused: counted['refused'] ?? 0,
        quota_left_day: left(day),
        quota_left_month: left(month),
        key_refused: cooldowns.state().keyRejected ? 1 : 0,
      };
    },
    forget: (isForgotten) => forgetAddresses(database, isForgotten),
    close: () => void database.close(),
  };
}
