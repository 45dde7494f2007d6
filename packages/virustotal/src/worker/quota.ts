import { DAY, MINUTE } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';

/** The sender of a request: the backlog, or a person, who may also use the reserved part. */
export type Requester = 'backlog' | 'person';

/** How many requests the key may make, and which part of them is reserved for people (0 to 0.9). */
export interface QuotaLimits {
  readonly perMinute: number;
  readonly perDay: number;
  readonly perMonth: number;
  readonly reserve: number;
}

/** The used requests and the limit of a time window. */
export interface WindowUse {
  readonly used: number;
  readonly limit: number;
}

/** The quotas of the key as VirusTotal reports them. */
export interface ServerQuotas {
  readonly day?: WindowUse | undefined;
  readonly month?: WindowUse | undefined;
  /** Requests an hour. */
  readonly hour?: WindowUse | undefined;
}

/** Counts the requests of a key. The counts outlive restarts, and several processes may share them. */
export interface Quota {
  /** When the next request is allowed: `now` or later. */
  availableAt(requester: Requester, now: number): number;
  /** Counts a request before it is sent. Returns its ticket, or undefined when no request is allowed now. */
  take(requester: Requester, now: number): number | undefined;
  /** Records that a request was answered or failed, so it has arrived by now. */
  settle(ticket: number, now: number): void;
  /** Lowers the limits to those of VirusTotal, and counts requests that others made with the key. */
  learn(quotas: ServerQuotas, now: number): void;
  /** When `learn` was last called. */
  learnedAt(): number;
  use(now: number): { readonly minute: WindowUse; readonly day: WindowUse; readonly month: WindowUse };
}

/** Milliseconds of tolerance: clocks differ, and requests need time to arrive. */
const MARGIN = 1000;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const monthOf = (time: number): string => dayOf(time).slice(0, 7);

/** The start of the next day in UTC. */
export function nextDay(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1) + MARGIN;
}

function nextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) + MARGIN;
}

/** Creates the counts in a database that has the tables. */
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
  // Includes requests in the future, from a time when the clock was ahead.
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

  /** The part of a limit that a requester may use: at least one request. */
  function share(limit: number, requester: Requester): number {
    return requester === 'person'
      ? limit
      : Math.min(limit, Math.max(1, Math.floor(limit * (1 - limits.reserve))));
  }

  function availableAt(requester: Requester, now: number): number {
    const { minute, day, month } = windows(now);
    if (month.used >= share(month.limit, requester)) return nextMonth(now);
    if (day.used >= share(day.limit, requester)) return nextDay(now);
    const most = share(minute.limit, requester);
    if (minute.used < most) return now;
    return (recent.all(now - MINUTE - MARGIN)[most - 1] ?? now) + MINUTE + MARGIN;
  }

  return {
    availableAt,
    take: database.transaction((requester: Requester, now: number) => {
      prune.run(now - 10 * MINUTE, now + 2 * MINUTE);
      if (availableAt(requester, now) > now) return undefined;
      add.run(dayOf(now));
      add.run(monthOf(now));
      forget.run(monthOf(now - 40 * DAY));
      return Number(insert.run(Math.trunc(now)).lastInsertRowid);
    }).immediate,
    settle: database.transaction((ticket: number, now: number) => {
      const sent = sentAt.get(ticket);
      settled.run(Math.trunc(now), ticket);
      // Sent before midnight and answered after it: VirusTotal may count it for either day, so count it for both.
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
