import { expect, test } from 'vitest';
import type { HostStatus, InstanceStatus } from '../host/status/host-status.ts';
import { formatStatus } from './status-format.ts';

const at = Date.UTC(2026, 10, 26);
const one: InstanceStatus = {
  instance: 'a-long-name-of-an-instance',
  handler: null,
  state: 'not running',
  since: at - 60_000,
  counts: { delivered: 1_234_567, filtered: 9_999_999, dead: 123_456, dropped: 1234, lost: 20 },
  waiting: 123_456,
  oldestWaiting: at - 3_600_000,
  failure: null,
  counters: {},
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

test('fits 80 columns, whatever was dropped or lost', () => {
  const text = show({});
  expect(text).toContain('\n    1,234 dropped as dead letters, 20 lost to retention\n');
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test('says nothing of ihandlers that nobody knows, and warns when none runs', () => {
  expect(show({ ihandlers: [] })).toBe('ihandler is not running on /data\n');
  expect(show({ ihandlers: [], pid: 7 })).toContain('\nNo ihandler runs: what comes in is only kept.\n');
});
