import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../api/verdict.ts';
import { SCHEMA } from '../schema/schema.ts';
import { Backlog, type BacklogLimits } from './backlog.ts';
import { STATES, type State, type Task, TRANSITIONS } from './task.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 0, 1);

const hash = (name: string): string => createHash('sha256').update(name).digest('hex');

function open(different: Partial<BacklogLimits> = {}) {
  const limits = { backlog: 100, again: 7 * DAY, upload: true, ...different };
  const database = new Database(':memory:');
  database.exec(SCHEMA);
  const verdicts: Verdict[] = [];
  const again = () => new Backlog(database, limits, (_, verdict) => void verdicts.push(verdict));
  const backlog = again();
  const put = (name: string, more: object = {}, now = NOW) =>
    backlog.put([{ sha256: hash(name), ...more }], now)[0];
  const rowOf = (name: string) =>
    database
      .prepare<[string], Task & { readonly lease_until: number }>('SELECT * FROM samples WHERE sha256 = ?')
      .get(hash(name));
  /** Puts a file into a state and leases its task. */
  function leased(name: string, state: State): Task {
    database.prepare('UPDATE samples SET state = ? WHERE sha256 = ?').run(state, hash(name));
    const task = backlog.lease(NOW, NOW + MINUTE);
    if (task === undefined) throw new Error('no task is due');
    return task;
  }
  return { database, backlog, put, verdicts, rowOf, leased, again };
}

const verdict: Verdict = { state: 'known', askedAt: NOW };

describe('a task of the backlog', () => {
  const open5 = STATES.filter((state) => state !== 'done');

  it.each(open5.flatMap((from) => TRANSITIONS[from].map((to) => [from, to] as const)))(
    'may go from %s to %s',
    (from, to) => {
      const { put, leased, backlog, rowOf } = open();
      put('file');
      backlog.settle(leased('file', from), { to, nextAt: NOW + 5 }, NOW);
      expect(rowOf('file')).toMatchObject({ state: to, lease_until: 0, next_at: NOW + 5, failures: 0 });
    },
  );

  it.each(
    open5.flatMap((from) =>
      STATES.filter((to) => to !== from && !TRANSITIONS[from].includes(to)).map((to) => [from, to] as const),
    ),
  )('may not go from %s to %s', (from, to) => {
    const { put, leased, backlog, rowOf } = open();
    put('file');
    const task = leased('file', from);
    expect(() => backlog.settle(task, { to }, NOW)).toThrow(`Invalid transition of a task: ${from} to ${to}`);
    expect(rowOf('file')).toMatchObject({ state: from });
  });

  it.each(open5)('in the state %s may be retried later', (state) => {
    const { put, leased, backlog, rowOf } = open();
    put('file');
    backlog.settle(leased('file', state), { failed: true, nextAt: NOW + MINUTE }, NOW);
    expect(rowOf('file')).toMatchObject({ state, failures: 1, lease_until: 0 });
    expect(backlog.lease(NOW, NOW + MINUTE)).toBeUndefined();
    expect(backlog.nextAt()).toBe(NOW + MINUTE);
    expect(backlog.lease(NOW + MINUTE, NOW + 2 * MINUTE)).toMatchObject({ state, failures: 1 });
  });

  it.each(open5)('in the state %s is released when the lease of a dead process expires', (state) => {
    const { put, leased, again, rowOf } = open();
    put('file');
    leased('file', state);
    const other = again();
    other.tidy(NOW + MINUTE - 1);
    expect(other.lease(NOW + MINUTE - 1, NOW + DAY)).toBeUndefined();
    other.tidy(NOW + MINUTE);
    // The upload may have arrived, so the file is looked up before it is uploaded again.
    const after = state === 'upload' ? 'new' : state;
    expect(rowOf('file')).toMatchObject({ state: after, lease_until: 0 });
    expect(other.lease(NOW + MINUTE, NOW + DAY)).toMatchObject({ state: after });
  });

  it('may go from done to new for a recheck, and when the file is captured after its verdict has expired', () => {
    const { put, leased, backlog, rowOf, verdicts } = open();
    put('file');
    backlog.settle(leased('file', 'new'), { to: 'done', verdict, recheckAt: NOW + DAY }, NOW);
    expect(put('file', {}, NOW + DAY - 1)).toBe('known');
    backlog.tidy(NOW + DAY);
    expect(rowOf('file')).toMatchObject({ state: 'new', recheck_at: -1 });
    const again = backlog.lease(NOW + DAY, NOW + 2 * DAY);
    if (again) backlog.settle(again, { to: 'done', verdict }, NOW + DAY);
    backlog.tidy(NOW + 5 * DAY);
    expect(rowOf('file')).toMatchObject({ state: 'done' });
    expect(put('file', {}, NOW + 8 * DAY - 1)).toBe('known');
    expect(put('file', {}, NOW + 8 * DAY)).toBe('again');
    expect(rowOf('file')).toMatchObject({ state: 'new', recheck_at: null });
    expect(verdicts).toHaveLength(2);
  });

  it('is deleted a month after its verdict has expired', () => {
    const { put, leased, backlog, rowOf } = open();
    put('file');
    backlog.settle(leased('file', 'new'), { to: 'done', verdict }, NOW);
    backlog.tidy(NOW + 37 * DAY);
    expect(rowOf('file')).toBeDefined();
    backlog.tidy(NOW + 38 * DAY);
    expect(rowOf('file')).toBeUndefined();
  });
});

it('the backlog remembers at most ten times as many done files as its limit', () => {
  const { put, backlog, database } = open({ backlog: 3 });
  for (let n = 0; n < 60; n += 1) put(`file ${n}`, { size: n }, NOW + n);
  backlog.tidy(NOW + MINUTE);
  const rest = database.prepare('SELECT state, count(*) AS count FROM samples GROUP BY state').all();
  expect(rest).toEqual([
    { state: 'done', count: 30 },
    { state: 'new', count: 3 },
  ]);
  expect(database.prepare('SELECT count(*) FROM classes').pluck().get()).toBe(33);
});

describe('the order of the backlog', () => {
  it('prefers rare sizes and types, then the newest; every fourth task is the oldest', () => {
    const { put, backlog, database } = open();
    for (let n = 0; n < 10; n += 1) put(`worm ${n}`, { size: 1000, type: 'PE' }, NOW + n);
    for (let n = 0; n < 2; n += 1) put(`rare ${n}`, { size: 5000 + n, type: 'ELF' }, NOW + 20 + n);
    const names = new Map([...Array(10).keys()].map((n) => [hash(`worm ${n}`), `worm ${n}`]));
    for (const n of [0, 1]) names.set(hash(`rare ${n}`), `rare ${n}`);
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 12; n += 1)
      order.push(names.get(backlog.lease(NOW + DAY, NOW + 2 * DAY)?.sha256 ?? ''));
    database.close();
    expect(order.slice(0, 6)).toEqual(['worm 0', 'rare 1', 'rare 0', 'worm 9', 'worm 1', 'worm 8']);
    expect(new Set(order).size).toBe(12);
  });

  it('puts started tasks first and low priority last', () => {
    const { put, backlog, leased } = open();
    put('begun');
    backlog.settle(leased('begun', 'upload'), { to: 'analysis', analysis: 'id', nextAt: NOW + 1 }, NOW);
    put('old news', { priority: 1 }, NOW - DAY);
    put('today', { priority: 0 });
    const turns = [1, 2, 3].map(() => backlog.lease(NOW + 1, NOW + DAY)?.sha256);
    expect(turns.slice(0, 1)).toEqual([hash('begun')]);
    expect(turns.slice(1).toSorted()).toEqual([hash('today'), hash('old news')].toSorted());
  });

  it('skips the excess with a verdict: low priority, then the most frequent kind, then the oldest', () => {
    const { put, backlog, verdicts } = open({ backlog: 5, again: DAY });
    put('news', { priority: 1 });
    for (let n = 0; n < 5; n += 1) put(`worm ${n}`, { size: 1000, type: 'PE' }, NOW + n);
    put('rare', { size: 7, type: 'ELF' }, NOW + 10);
    expect(backlog.count('new')).toBe(5);
    expect(verdicts).toEqual([
      { sha256: hash('news'), state: 'skipped', reason: 'quota', askedAt: NOW + 4 },
      { sha256: hash('worm 0'), state: 'skipped', reason: 'quota', askedAt: NOW + 10 },
    ]);
    expect(put('worm 0', {}, NOW + 20)).toBe('known');
    expect(put('worm 0', {}, NOW + 2 * DAY)).toBe('again');
  });
});

it('the backlog looks up new files before rechecks', () => {
  const { put, backlog, leased, again } = open();
  put('young', { size: 7, type: 'rare' });
  backlog.settle(leased('young', 'new'), { to: 'done', verdict, recheckAt: NOW + DAY }, NOW);
  backlog.tidy(NOW + DAY);
  for (let n = 0; n < 3; n += 1) put(`worm ${n}`, { size: 1000, type: 'PE' }, NOW + DAY + n);
  // A new backlog starts with the turn of the oldest file, which is the recheck.
  const next = again();
  const turns = [1, 2, 3, 4].map(() => next.lease(NOW + 2 * DAY, NOW + 3 * DAY)?.sha256);
  expect(turns).toEqual(['young', 'worm 2', 'worm 1', 'worm 0'].map(hash));
  expect(put('young', {}, NOW + 2 * DAY)).toBe('known');
});

it('the backlog skips a recheck beyond the limit without a new verdict', () => {
  const { put, backlog, leased, verdicts, rowOf } = open({ backlog: 2 });
  put('young', { size: 1000, type: 'PE' });
  backlog.settle(leased('young', 'new'), { to: 'done', verdict, recheckAt: NOW + DAY }, NOW);
  backlog.tidy(NOW + DAY);
  expect(rowOf('young')).toMatchObject({ state: 'new' });
  for (let n = 0; n < 2; n += 1) put(`rare ${n}`, { size: n }, NOW + DAY + n);
  put('worm', { size: 1000, type: 'PE' }, NOW + DAY + 3);
  expect(rowOf('young')).toMatchObject({ state: 'done', verdict: 'known' });
  expect(verdicts.map(({ state }) => state)).toEqual(['known', 'skipped']);
  expect(verdicts[1]?.sha256).toBe(hash('worm'));
});

it('the backlog retries an upload with the new path when a store has kept the file meanwhile', () => {
  const { put, backlog, leased, verdicts, rowOf } = open();
  const unknown: Verdict = { state: 'unknown', reason: 'the file is not readable', askedAt: NOW };
  put('file', { path: '/binaries/file' });
  const task = leased('file', 'upload');
  put('file', { path: '/samples/file', isKept: true });
  // Captured again with the sensor's path: the store's path is preferred.
  put('file', { path: '/binaries/file' });
  backlog.settle(task, { to: 'done', verdict: unknown }, NOW);
  expect(verdicts).toEqual([]);
  expect(rowOf('file')).toMatchObject({ state: 'upload', path: '/samples/file', lease_until: 0 });
  const again = backlog.lease(NOW, NOW + MINUTE);
  if (again) backlog.settle(again, { to: 'done', verdict: unknown }, NOW);
  expect(verdicts).toEqual([unknown]);
});

describe('a file in the backlog', () => {
  it('known by its MD5 is recognised when its SHA-256 is reported', () => {
    const { backlog, database } = open();
    const md5 = '1d419d615dbe5a238bbaa569b3829a23';
    expect(backlog.put([{ md5 }, { md5, sha256: hash('x') }, { sha256: hash('x') }, { md5 }], NOW)).toEqual([
      'new',
      'known',
      'known',
      'known',
    ]);
    expect(database.prepare('SELECT md5, sha256 FROM samples').all()).toEqual([{ md5, sha256: hash('x') }]);
  });

  it('that has two tasks keeps both, each with its own hash', () => {
    const { backlog, leased, database, put } = open();
    put('x');
    backlog.settle(leased('x', 'new'), { to: 'done', verdict }, NOW);
    backlog.put([{ md5: '0'.repeat(32) }], NOW);
    const task = backlog.lease(NOW, NOW + MINUTE);
    if (task) backlog.settle(task, { to: 'done', verdict, sha256: hash('x') }, NOW);
    expect(database.prepare('SELECT state, sha256 FROM samples ORDER BY sample').all()).toEqual([
      { state: 'done', sha256: hash('x') },
      { state: 'done', sha256: null },
    ]);
  });
});
