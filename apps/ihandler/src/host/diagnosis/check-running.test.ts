import type { JournalView } from '@ihandler/core';
import { describe, expect, test } from 'vitest';
import { journalFindings } from './check-journal.ts';
import { type LiveStatus, liveFindings } from './check-running.ts';
import { nodeFindings } from './doctor-node.ts';
import { span } from './finding.ts';

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

function liveOf(source: Partial<LiveStatus['sources'][number]>): LiveStatus {
  const base = {
    instance: 'tail',
    state: 'running',
    since: now,
    reportedAt: now,
    newest: now,
    failure: null,
  };
  return { pid: 1, ihandlers: [], sources: [{ ...base, ...source }] };
}

const counts = { delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 };
const configured = { sources: ['tail'], instances: ['keep'] };
const found = (view: JournalView, live?: LiveStatus) =>
  liveFindings(view, live, configured, now).map(
    (finding) => `${finding.severity} ${finding.about}: ${finding.found}`,
  );

describe('sources', () => {
  test('are silent when they have brought nothing for long', () => {
    expect(found(viewOf(), liveOf({ reportedAt: now - 5 * HOUR, newest: now - 5 * HOUR }))).toEqual([]);
    expect(found(viewOf(), liveOf({ reportedAt: now - 3 * 24 * HOUR, newest: null }))).toEqual([
      expect.stringMatching(/^warning tail: silent since 2026-11-2\d .*\(3 days\)$/),
    ]);
    expect(found(viewOf({ sources: () => ({ tail: { state: 1, at: now - 7 * HOUR } }) }))).toEqual([
      expect.stringContaining('(7 hours)'),
    ]);
    expect(found(viewOf({ bounds: () => ({ before: 0, last: 0 }), acceptedAt: () => undefined }))).toEqual([
      'warning tail: it has brought nothing yet',
    ]);
  });

  test('that fail, and that the journal keeps waiting, say why', () => {
    expect(found(viewOf(), liveOf({ state: 'failed', failure: 'the port is taken' }))).toEqual([
      'error tail: it has failed: the port is taken',
    ]);
    expect(found(viewOf(), liveOf({ state: 'waiting', failure: 'the disk is full' }))).toEqual([
      'error tail: it waits, because the journal takes nothing: the disk is full',
    ]);
  });

  test.each([
    [
      10 * 60_000,
      'its newest incident happened 10 minutes after it was accepted: the clocks of sensor and this machine differ',
    ],
    [
      2 * HOUR,
      'its newest incident happened 2 hours after it was accepted: the clocks are in different time zones',
    ],
    [
      -HOUR - 5000,
      'its newest incident happened 60 minutes before it was accepted: the clocks are in different time zones',
    ],
    [-20 * 60_000, undefined],
    [60_000, undefined],
  ])('show by %s ms that clocks differ', (ahead, words) => {
    const live = liveOf({ newest: now + ahead });
    expect(found(viewOf(), live)).toEqual(words === undefined ? [] : [`warning tail: ${words}`]);
  });
});

describe('instances', () => {
  const cursor = { first: 0, position: 100, written: {}, usedAt: now, counts };

  test('have dead letters, losses, and what waits', () => {
    const view = viewOf({
      cursors: () => ({ keep: { ...cursor, position: 40, counts: { ...counts, dead: 2, lost: 1 } } }),
      acceptedAt: (position) => (position === 41 ? now - 2 * HOUR : now),
    });
    expect(found(view, liveOf({}))).toEqual([
      'warning keep: 2 dead letters',
      'error keep: 1 incident went by retention before it had handled them',
      'warning keep: 60 incidents wait, the oldest for 2 hours',
    ]);
  });

  test('that are not configured any more are told, replays are not', () => {
    const behind = { ...cursor, position: 40 };
    const view = viewOf({
      cursors: () => ({ gone: { ...behind, counts: { ...counts, dead: 2 } }, 'keep@once': behind }),
      acceptedAt: () => now - 2 * HOUR,
    });
    // What they have not had yet waits for nobody.
    expect(found(view, liveOf({}))).toEqual([
      expect.stringMatching(
        /^note gone: it is not in the configuration any more; the journal keeps its place and 2 dead letters for a while/,
      ),
    ]);
  });

  test('were served by a clock that was set back', () => {
    expect(found(viewOf({ acceptedAt: () => now + 2 * HOUR }), liveOf({}))).toEqual([
      'warning clock: the newest incident was accepted 2 hours in the future: the clock of this machine was set back',
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

  test('last for long, for a week, or not until tomorrow', () => {
    expect(severities(0)).toEqual(['note disk']);
    expect(severities(1000)).toEqual(['note disk']);
    expect(severities(1e17)).toEqual(['error disk']);
  });

  test('are bounded by the limit of the journal', () => {
    const view = viewOf({
      acceptedSince: () => ({ incidents: 5, bytes: 1e8 }),
      size: () => ({ bytes: 1.9e9, limit: 2e9 }),
    });
    expect(journalFindings(view, '/tmp/journal', now).map(({ found: words }) => words)[1]).toBe(
      '1.9 GB of at most 2.0 GB: what is older than about 20 days makes room for what comes',
    );
  });
});

test('an old Node.js is told, one without fixes is noted', () => {
  const severities = (version: string) => nodeFindings(version, now).map(({ severity }) => severity);
  expect(severities('18.20.0')).toEqual(['error']);
  expect(severities('20.18.3')).toEqual(['error']);
  expect(severities('20.19.0')).toEqual(['note']);
  expect(severities('24.1.0')).toEqual([]);
  expect(severities('26.0.0')).toEqual([]);
});

test.each([
  [40_000, '40 seconds'],
  [119_000, '119 seconds'],
  [3_600_000, '60 minutes'],
  [47 * HOUR, '47 hours'],
  [49 * HOUR, '2 days'],
])('%s ms are %s', (milliseconds, words) => {
  expect(span(milliseconds)).toBe(words);
});
