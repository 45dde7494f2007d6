import type { JournalView } from '@ihandler/core';
import { describe, expect, test } from 'vitest';
import type { HostStatus } from '../status/host-status.ts';
import { instancesIn } from '../status/stored-status.ts';
import { journalFindings } from './check-journal.ts';
import { runFindings } from './check-running.ts';
import { nodeFindings } from './diagnose.ts';

const HOUR = 3_600_000;
const now = Date.UTC(2026, 10, 25, 12);

function viewOf(overrides: Partial<JournalView> = {}): JournalView {
  return {
    where: '/data/journal',
    writer: () => undefined,
    bounds: () => ({ before: 0, last: 100 }),
    acceptedAt: () => now - 1000,
    cursors: () => ({}),
    deadLetters: () => [],
    sources: () => ({}),
    size: () => ({ bytes: 1e6, limit: 2e9 }),
    acceptedSince: () => ({ incidents: 10, bytes: 1000 }),
    close() {},
    ...overrides,
  };
}

/** The status that a running host, or the journal of a stopped one, gives. */
function statusOf(view: JournalView, source?: Partial<HostStatus['sources'][number]>): HostStatus {
  const base = {
    instance: 'tail',
    source: 'tail',
    state: 'running' as const,
    since: now,
    accepted: 0,
    known: 0,
    rejected: 0,
    misfits: 0,
    unknown: 0,
    reportedAt: now,
    newest: now,
    clocks: [],
    failure: null,
    lost: null,
  };
  return {
    pid: source === undefined ? null : 1,
    startedAt: null,
    at: now,
    sensor: null,
    data: '/data',
    health: null,
    journal: null,
    ihandlers: instancesIn(view),
    sources: source === undefined ? [] : [{ ...base, ...source }],
  };
}

const counts = { delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 };
const configured = { sources: ['tail'], instances: { names: ['keep'], areComplete: true } };
const found = (view: JournalView, source?: Partial<HostStatus['sources'][number]>) =>
  runFindings(view, statusOf(view, source), configured, now).map(
    (finding) => `${finding.severity} ${finding.about}: ${finding.found}`,
  );

describe('sources', () => {
  test('are reported when they have received nothing for 6 hours', () => {
    expect(found(viewOf(), { reportedAt: now - 5 * HOUR, newest: now - 5 * HOUR })).toEqual([]);
    expect(found(viewOf(), { reportedAt: now - 3 * 24 * HOUR, newest: null })).toEqual([
      expect.stringMatching(/^warning tail: no incident received since 2026-11-2\d .*\(3 days\)$/),
    ]);
    expect(found(viewOf({ sources: () => ({ tail: { state: 1, at: now - 7 * HOUR } }) }))).toEqual([
      expect.stringContaining('(7 h)'),
    ]);
    expect(found(viewOf({ bounds: () => ({ before: 0, last: 0 }), acceptedAt: () => undefined }))).toEqual([
      'warning tail: no incident received yet',
    ]);
  });

  test('are reported with the reason when they fail or the journal does not accept incidents', () => {
    expect(found(viewOf(), { state: 'failed', failure: 'the port is taken' })).toEqual([
      'error tail: failed: the port is taken',
    ]);
    expect(found(viewOf(), { state: 'waiting', failure: 'the disk is full' })).toEqual([
      'error tail: the journal does not accept incidents: the disk is full',
    ]);
  });

  test('with a sensor whose clock is wrong are reported with the name of that sensor', () => {
    const clock = (sensor: string, ahead: number) => ({ sensor, ahead, timestamp: now + ahead });
    const clocks = [
      clock('pot-b', 10 * 60_000),
      clock('pot-c', 2 * HOUR),
      clock('pot-d', -HOUR - 5000),
      clock('pot-e', -now),
    ];
    expect(found(viewOf(), { clocks })).toEqual([
      'warning tail: the clock of sensor pot-b is 10 min ahead: its last incident has the time 2026-11-25 12:10:00Z',
      'warning tail: the clock of sensor pot-c is 2 h ahead: its last incident has the time 2026-11-25 14:00:00Z, which may be that of another time zone',
      'warning tail: the clock of sensor pot-d is 1 h behind: its last incident has the time 2026-11-25 10:59:55Z, which may be that of another time zone',
      expect.stringMatching(
        /^warning tail: the clock of sensor pot-e is .* behind: .* 1970-01-01 00:00:00Z$/,
      ),
    ]);
  });

  test('with rejected lines are counted', () => {
    expect(found(viewOf(), { rejected: 1234 })).toEqual([
      'warning tail: 1,234 inputs rejected since the start',
    ]);
  });
});

describe('instances', () => {
  const cursor = { first: 0, position: 100, written: {}, usedAt: now, counts };

  test('are reported with dead letters, losses and backlog', () => {
    const view = viewOf({
      cursors: () => ({ keep: { ...cursor, position: 40, counts: { ...counts, dead: 2, lost: 1 } } }),
      acceptedAt: (position) => (position === 41 ? now - 2 * HOUR : now),
    });
    expect(found(view, {})).toEqual([
      'error keep: 60 incidents pending, the oldest for 2 h',
      'warning keep: 2 dead letters',
      'error keep: 1 incident gone from the journal before it processed them (deleted by retention, or damaged)',
    ]);
  });

  test('that are not configured any more are noted, replays are not', () => {
    const behind = { ...cursor, position: 40 };
    const view = viewOf({
      cursors: () => ({ gone: { ...behind, counts: { ...counts, dead: 2 } }, 'keep@once': behind }),
      acceptedAt: () => now - 2 * HOUR,
    });
    // Their backlog is not a problem.
    expect(found(view, {})).toEqual([
      expect.stringMatching(
        /^note gone: not in the configuration any more; the journal keeps its position and 2 dead letters for a while/,
      ),
    ]);
  });

  test('with incidents from the future show that the clock was set back', () => {
    expect(found(viewOf({ acceptedAt: () => now + 2 * HOUR }), {})).toEqual([
      'warning clock: the newest incident was accepted 2 h in the future: the clock of this machine was set back',
    ]);
  });
});

describe('disks', () => {
  const severities = (rate: number) =>
    journalFindings(
      viewOf({
        acceptedSince: () => ({ incidents: 5, bytes: rate }),
        size: () => ({ bytes: 0, limit: 1e18 }),
      }),
      '/tmp/journal',
      now,
    ).map(({ severity, about }) => `${severity} ${about}`);

  test('get a severity by the days they last', () => {
    expect(severities(0)).toEqual(['note disk']);
    expect(severities(1000)).toEqual(['note disk']);
    expect(severities(1e17)).toEqual(['error disk']);
  });

  test('are filled by the journal only up to its limit', () => {
    const view = viewOf({
      acceptedSince: () => ({ incidents: 5, bytes: 1e8 }),
      size: () => ({ bytes: 1.9e9, limit: 2e9 }),
    });
    expect(journalFindings(view, '/tmp/journal', now).map(({ found: words }) => words)[1]).toBe(
      '1.7 GiB of at most 1.8 GiB: incidents older than about 20 days are being deleted',
    );
  });
});

test('nodeFindings reports a Node.js that is too old', () => {
  const severities = (version: string) => nodeFindings(version).map(({ severity }) => severity);
  expect(severities('18.20.0')).toEqual(['error']);
  expect(severities('20.18.3')).toEqual(['error']);
  expect(severities('20.19.0')).toEqual([]);
  expect(severities('24.1.0')).toEqual([]);
  expect(severities('26.0.0')).toEqual([]);
});
