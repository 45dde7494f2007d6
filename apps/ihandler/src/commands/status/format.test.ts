import type { HostStatus } from '@ihandler/host';
import { expect, test } from 'vitest';
import { formatStatus } from './format.ts';

const at = Date.UTC(2026, 10, 26);
const one: HostStatus['ihandlers'][number] = {
  instance: 'a-long-name-of-an-instance',
  handler: null,
  state: 'not running',
  since: at - 60_000,
  counts: { delivered: 1_234_567, filtered: 9_999_999, dead: 123_456, dropped: 1234, lost: 20 },
  pending: 123_456,
  oldestPending: at - 3_600_000,
  failure: null,
  failingSince: null,
  counters: {},
  uncaught: null,
};
const host: HostStatus = {
  pid: null,
  startedAt: null,
  at,
  sensor: null,
  data: '/data',
  health: null,
  journal: null,
  ihandlers: [one],
  sources: [],
};
const show = (status: Partial<HostStatus>) =>
  formatStatus({ ...host, ...status }, { color: false, columns: 80 });

test('formatStatus fits 80 columns, with dropped and lost incidents', () => {
  const text = show({});
  expect(text).toContain('\n    1,234 dropped as dead letters, 20 lost to retention\n');
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test('formatStatus leaves out unknown handlers, and warns when none runs', () => {
  expect(show({ ihandlers: [] })).toBe('ihandler is not running on /data\n');
  expect(show({ ihandlers: [], pid: 7 })).toContain('\nNo handlers: incidents are only stored.\n');
});

test('formatStatus shows reasons whole, wrapped at 80 columns', () => {
  const reason = `the broker does not answer: ${'check the address and the firewall; '.repeat(6)}end of the reason`;
  const text = show({
    pid: 7,
    ihandlers: [{ ...one, state: 'stopped', failure: reason }],
    sources: [
      {
        ...{ instance: 'feed', source: 'feed', state: 'failed', since: at, failure: reason },
        ...{ accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 },
        ...{ reportedAt: null, newest: null, lost: null, clocks: [] },
      },
    ],
  });
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  const words = text.replace(/\s+/g, ' ');
  // Below each row, and among the problems.
  expect(words.split(reason)).toHaveLength(5);
});
