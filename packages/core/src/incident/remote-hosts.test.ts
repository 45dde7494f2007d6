import { describe, expect, it } from 'vitest';
import type { UntypedData } from '../contract/incident.ts';
import { remoteHostsOf } from './remote-hosts.ts';

const hostsOf = (data: UntypedData) => remoteHostsOf({ data });
const end = (host: string) => ({ host, port: 1 });

describe('remoteHostsOf', () => {
  it('finds the remote end of every connection, each once', () => {
    const connection = { local: end('192.0.2.1'), remote: end('198.51.100.1') };
    const child = { local: end('192.0.2.1'), remote: end('attacker.example') };
    expect(hostsOf({ connection, parent: connection, nested: [{ child }] })).toEqual([
      '198.51.100.1',
      'attacker.example',
    ]);
  });

  it('finds an address that only the host name of a remote end contains', () => {
    const connection = { local: end('192.0.2.1'), remote: { ...end(''), hostname: '203.0.113.9' } };
    const child = { local: end('192.0.2.1'), remote: { ...end(''), hostname: '203.0.113.10.example.net' } };
    expect(hostsOf({ parent: connection, child })).toEqual([
      '203.0.113.9',
      '203.0.113.10.example.net',
      '203.0.113.10',
    ]);
  });

  it.each([
    'remote',
    'remote_ip',
    'remoteAddr',
    'src_ip',
    'source-address',
    'peer',
    'client.host',
    'SRC_HOST',
  ])('finds an address under %s in data of any form', (name) => {
    expect(hostsOf({ deep: [{ [name]: '198.51.100.1' }] })).toEqual(['198.51.100.1']);
  });

  it('does not take the sensor, other names, bytes or numbers for a remote host', () => {
    expect(
      hostsOf({
        local: end('192.0.2.1'),
        host: 'a',
        dst_ip: 'b',
        remote_port: 'c',
        remote: 5,
        src_ip: new Uint8Array([1]),
      }),
    ).toEqual([]);
  });
});
