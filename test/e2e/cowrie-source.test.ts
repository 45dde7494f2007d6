import { describeSource } from '@ihandler/testkit';
import { describe, it } from 'vitest';
import { cowrie, cowrieFollow } from '../support/cowrie/cowrie-source.ts';

const start = Date.UTC(2026, 7, 20);

/** The nth event; each session has five, of which only the first names the ports. */
function line(n: number): string {
  const session = `c0ffee${String(Math.ceil(n / 5)).padStart(6, '0')}`;
  const connect = {
    eventid: 'cowrie.session.connect',
    src_port: 40_000 + n,
    dst_ip: '192.0.2.10',
    dst_port: 2222,
  };
  const command = { eventid: 'cowrie.command.input', input: `echo ${n}` };
  const event = n % 5 === 1 ? connect : n % 5 === 0 ? { eventid: 'cowrie.session.closed' } : command;
  const timestamp = new Date(start + n * 1000).toISOString();
  return JSON.stringify({ ...event, session, src_ip: '198.51.100.7', timestamp });
}

describe('a source for cowrie on source-kit', () => {
  describeSource(it, {
    follow: (file) => cowrieFollow({ file }),
    read: (file) => cowrie({ file }),
    line,
    numberOf: ({ timestamp }) => (timestamp - start) / 1000,
  });
});
