import { describeSource } from '@ihandler/testkit';
import { describe, it } from 'vitest';
import { opencanary, opencanaryFollow } from '../support/outside/opencanary.ts';

const start = Date.UTC(2026, 10, 30, 17);

/** The nth event: three for each source port, the first of which begins the connection. */
function line(n: number): string {
  const utc_time = new Date(start + n * 1000).toISOString().replace('T', ' ').slice(0, 23);
  const ends = { src_host: '198.51.100.7', src_port: 40_000 + Math.ceil(n / 3), dst_host: '192.0.2.10' };
  return JSON.stringify({
    ...ends,
    dst_port: 23,
    utc_time,
    logdata: { USERNAME: `user-${n}` },
    logtype: 6001,
  });
}

describe('a source for opencanary on source-kit', () => {
  describeSource(it, {
    follow: opencanaryFollow,
    read: opencanary,
    line,
    numberOf: ({ timestamp }) => (timestamp - start) / 1000,
  });
});
