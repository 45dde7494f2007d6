import type { Database } from 'better-sqlite3';

/** For whom a request is: for the backlog, or for a person who asked. People may use the part that is kept for them. */
export type Asker = 'backlog' | 'person';

/** How many requests a key may make, and which part of them is for people. */
export interface QuotaLimits {
  readonly perMinute: number;
  readonly perDay: number;
  readonly perMonth: number;
  readonly reserve: number;
}

/** How much is used of a window, and how much there is. */
export interface WindowUse {
  readonly used: number;
  readonly limit: number;
}

/** What the server says that a key may, and has done; of the day and of the month. */
export interface ServerQuotas {
  readonly day?: WindowUse | undefined;
  readonly month?: WindowUse | undefined;
  /** Requests an hour. */
  readonly hour?: WindowUse | undefined;
}

/** The counts on a key, which outlive restarts; several processes may share them. */
export interface Quota {
  /** When there may be a request: `now` or later. */
  availableAt(asker: Asker, now: number): number;
  /** Takes one out of every window, before it is sent. Undefined: not now. */
  take(asker: Asker, now: number): number | undefined;
  /** It was answered, or failed: it has arrived by now. */
  settle(ticket: number, now: number): void;
  /** Lowers the limits to what the server says, and counts what others did with the key. */
  learn(quotas: ServerQuotas, now: number): void;
  /** When it last learned, or tried to. */
  learnedAt(): number;
  use(now: number): { readonly minute: WindowUse; readonly day: WindowUse; readonly month: WindowUse };
}

const MINUTE = 60_000;
/** Clocks differ, and a request takes a while to arrive. */
const MARGIN = 1000;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const monthOf = (time: number): string => dayOf(time).slice(0, 7);

/** When the next day begins, in UTC. */
export function nextDay(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1) + MARGIN;
}

function nextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) + MARGIN;
}

/** Opens the counts in a database that has its tables. */
export function createQuota(database: Database, limits: QuotaLimits): Quota {
  const spent = database.prepare<[string], number>('SELECT count FROM spent WHERE "window" = ?').pluck();
  const add = database.prepare(
    'INSERT INTO spent ("window", count) VALUES (?, 1) ON CONFLICT ("window") DO UPDATE SET count = count + 1',
  );
  const atLeast = database.prepare(
    `INSERT INTO spent ("window", count) VALUES (?, ?)
     ON CONFLICT ("window") DO UPDATE SET count = max(count, excluded.count)`,
  );
  const forget = database.prepare('DELETE FROM spent WHERE "window" < ?');
  const recent = database
    .prepare<[number], number>(
      'SELECT coalesce(settled_at, sent_at) AS at FROM requests WHERE at > ? ORDER BY at DESC',
    )
    .pluck();
  const insert = database.prepare('INSERT INTO requests (sent_at) VALUES (?)');
  const sentAt = database.prepare<[number], number>('SELECT sent_at FROM requests WHERE request = ?').pluck();
  const settled = database.prepare('UPDATE requests SET settled_at = ? WHERE request = ?');
  // Also those of a future that a clock, set back since, once showed.
  const prune = database.prepare('DELETE FROM requests WHERE sent_at < ? OR sent_at > ?');
  const note = database.prepare<[string], unknown>('SELECT value FROM notes WHERE name = ?').pluck();
  const setNote = database.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');

  function allowed(name: string, otherwise: number): number {
    const value = note.get(name);
    return typeof value === 'number' ? Math.min(value, otherwise) : otherwise;
  }

  function windows(now: number) {
    const perHour = allowed('allowed_hour', Number.POSITIVE_INFINITY);
    return {
      minute: { used: recent.all(now - MINUTE - MARGIN).length, limit: Math.min(limits.perMinute, perHour) },
      day: { used: spent.get(dayOf(now)) ?? 0, limit: allowed('allowed_day', limits.perDay) },
      month: { used: spent.get(monthOf(now)) ?? 0, limit: allowed('allowed_month', limits.perMonth) },
    };
  }

  /** What an asker may use of a window; of the smallest, one. */
  function share(limit: number, asker: Asker): number {
    return asker === 'person'
      ? limit
      : Math.min(limit, Math.max(1, Math.floor(limit * (1 - limits.reserve))));
  }

  function availableAt(asker: Asker, now: number): number {
    const { minute, day, month } = windows(now);
    if (month.used >= share(month.limit, asker)) return nextMonth(now);
    if (day.used >= share(day.limit, asker)) return nextDay(now);
    const most = share(minute.limit, asker);
    if (minute.used < most) return now;
    return (recent.all(now - MINUTE - MARGIN)[most - 1] ?? now) + MINUTE + MARGIN;
  }

  return {
    availableAt,
    take: database.transaction((asker: Asker, now: number) => {
      prune.run(now - 10 * MINUTE, now + 2 * MINUTE);
      if (availableAt(asker, now) > now) return undefined;
      add.run(dayOf(now));
      add.run(monthOf(now));
      forget.run(monthOf(now - 40 * 86_400_000));
      return Number(insert.run(Math.trunc(now)).lastInsertRowid);
    }).immediate,
    settle: database.transaction((ticket: number, now: number) => {
      const sent = sentAt.get(ticket);
      settled.run(Math.trunc(now), ticket);
      // Sent before midnight and answered after: nobody knows for which day it counts.
      if (sent !== undefined && dayOf(sent) !== dayOf(now)) add.run(dayOf(now));
      if (sent !== undefined && monthOf(sent) !== monthOf(now)) add.run(monthOf(now));
    }).immediate,
    learn: database.transaction(({ day, month, hour }: ServerQuotas, now: number) => {
      setNote.run('learned_at', Math.trunc(now));
      if (day) setNote.run('allowed_day', day.limit);
      if (month) setNote.run('allowed_month', month.limit);
      if (hour) setNote.run('allowed_hour', hour.limit);
      if (day) atLeast.run(dayOf(now), day.used);
      if (month) atLeast.run(monthOf(now), month.used);
    }).immediate,
    learnedAt() {
      const at = note.get('learned_at');
      return typeof at === 'number' ? at : Number.NEGATIVE_INFINITY;
    },
    use: windows,
  };
}
