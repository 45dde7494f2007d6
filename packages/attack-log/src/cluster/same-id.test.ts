import type { Incident } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { connectionKey, formerKey } from '../index.ts';
import { connection } from '../testing/incidents.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const at = (stream: string, ordinal: number, second: number, origin: string, data: object): Incident => ({
  id: `${stream}:${ordinal}`,
  origin,
  timestamp: second * 1000,
  sensor: 's',
  // Safe: a test passes only plain data.
  data: data as Incident['data'],
});
const accept = (stream: string, ordinal: number, second: number, id = '7') =>
  at(stream, ordinal, second, 'dionaea.connection.tcp.accept', { connection: connection(id) });
const offer = (stream: string, ordinal: number, second: number, url: string, id = '7') =>
  at(stream, ordinal, second, 'dionaea.download.offer', { connection: connection(id), url });
const link = (stream: string, ordinal: number, second: number, parent: string, child: string) =>
  at(stream, ordinal, second, 'dionaea.connection.link', {
    parent: connection(parent),
    child: connection(child),
  });

/** The row of the connection of each offer. */
function offers(...batches: readonly (readonly Incident[])[]): Record<string, unknown> {
  const results = [batches, [batches.flat()], batches.flat().map((one) => [one])].map((parts) => {
    const store = new MemoryStore();
    for (const batch of parts) store.write(batch);
    return Object.fromEntries(store.rows.offers.map(([, row, url]) => [url, row]));
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  return results[0] ?? {};
}

describe('an id that a restarted sensor uses again', () => {
  it('denotes the connection that was announced last before an incident of the same stream', () => {
    expect(
      offers(
        [accept('log', 1, 100), offer('log', 2, 101, 'a')],
        [accept('log', 3, 200), offer('log', 4, 201, 'b')],
      ),
    ).toEqual({ a: 1, b: 2 });
  });

  it('denotes the connection of its file, in whatever order rotated files are read', () => {
    expect(
      offers(
        [accept('tuesday', 1, 200), offer('tuesday', 2, 201, 'b')],
        [accept('monday', 1, 100), offer('monday', 2, 101, 'a')],
        [offer('tuesday', 3, 202, 'c')],
      ),
    ).toEqual({ b: 1, a: 2, c: 1 });
  });

  it('denotes the connection before it by time when a rotation separates them', () => {
    expect(
      offers(
        [accept('wednesday', 1, 300), accept('monday', 1, 100), accept('tuesday', 9, 200)],
        [offer('tuesday', 1, 150, 'monday'), offer('wednesday', 0, 299, 'tuesday')],
        [offer('wednesday', 2, 301, 'wednesday')],
      ),
    ).toEqual({ monday: 2, tuesday: 3, wednesday: 1 });
  });

  it('denotes the connection before it in its stream when the clock jumps', () => {
    expect(
      offers(
        [accept('log', 1, 1000), offer('log', 2, 1001, 'a'), accept('log', 3, 5)],
        [offer('log', 4, 6, 'b'), offer('log', 5, 5000, 'c')],
      ),
    ).toEqual({ a: 1, b: 2, c: 2 });
  });

  it('links the child to the parent of its own file', () => {
    const store = new MemoryStore();
    store.write([accept('new', 1, 200, 'p'), accept('new', 2, 201, 'c')]);
    store.write([accept('old', 1, 100, 'p'), accept('old', 2, 101, 'c'), link('old', 3, 102, 'p', 'c')]);
    store.write([link('new', 3, 203, 'p', 'c')]);
    expect([1, 2, 3, 4].map((row) => store.place(row).parent)).toEqual([null, 1, null, 3]);
  });

  it('denotes the connection of its stream when a dead letter is retried', () => {
    expect(
      offers(
        [accept('log~1', 1, 100), accept('old', 1, 50)],
        [offer('log', 2, 40, 'a'), offer('log~3', 3, 60, 'b')],
      ),
    ).toEqual({ a: 1, b: 1 });
  });
});

/** A connection of a host, whose id is used again. */
const from = (host: string, port: number, id = '7') => ({
  ...connection(id),
  remote: { host, port, hostname: '' },
});
const acceptFrom = (stream: string, ordinal: number, second: number, remote: object) =>
  at(stream, ordinal, second, 'dionaea.connection.tcp.accept', { connection: remote });
const offerFrom = (stream: string, ordinal: number, second: number, url: string, remote: object) =>
  at(stream, ordinal, second, 'dionaea.download.offer', { connection: remote, url });
const [ann, bob] = [from('198.51.100.1', 1111), from('198.51.100.2', 2222)];

describe('an incident whose connection has not been announced', () => {
  it('waits for it, although a connection of another file has its id', () => {
    const early = offerFrom('tuesday', 1, 200, 'b', bob);
    const monday = acceptFrom('monday', 1, 100, ann);
    const tuesday = acceptFrom('tuesday', 2, 201, bob);
    const later = acceptFrom('wednesday', 1, 300, ann);
    expect(offers([monday, early, later])).toEqual({});
    expect(offers([monday], [early], [tuesday])).toEqual({ b: 2 });
    expect(offers([early], [later], [monday], [tuesday])).toEqual({ b: 3 });
    expect(offers([later, tuesday, early])).toEqual({ b: 2 });
  });

  it('does not go to the connection of another attacker when its announcement was lost', () => {
    const other = from('198.51.100.1', 1112);
    expect(
      offers(
        [acceptFrom('log', 1, 100, ann), offerFrom('log', 2, 101, 'ann', ann)],
        [offerFrom('log', 3, 200, 'lost', bob), offerFrom('log', 4, 201, 'lost too', other)],
        [acceptFrom('log', 5, 300, bob), offerFrom('log', 6, 301, 'bob', bob)],
        [offerFrom('log', 7, 302, 'late', ann)],
      ),
    ).toEqual({ ann: 1, lost: 2, bob: 2, late: 1 });
  });

  it('does not go to a connection that is announced hours later, even of the same attacker', () => {
    expect(offers([offerFrom('log', 1, 100, 'a', ann)], [acceptFrom('log', 2, 7300, ann)])).toEqual({});
    expect(offers([offerFrom('log', 1, 100, 'a', ann)], [acceptFrom('new', 1, 7300, ann)])).toEqual({});
  });

  it('does not go to a listener of another run, and neither does a child', () => {
    const listener = { ...from('', 0), local: { host: '192.0.2.1', port: 1957 } };
    const listens = at('log', 1, 100, 'dionaea.connection.tcp.listen', { connection: listener });
    expect(offers([listens], [offerFrom('log', 2, 101, 'a', ann)])).toEqual({});
    const store = new MemoryStore();
    store.write([listens, acceptFrom('log', 2, 101, from('198.51.100.2', 2222, '8'))]);
    const child = from('198.51.100.2', 2222, '8');
    const parents = [{ ...listener, local: { host: '192.0.2.1', port: 9999 } }, listener];
    store.write([at('log', 3, 102, 'dionaea.connection.link', { parent: parents[0], child })]);
    expect(store.place(2).parent).toBeNull();
    store.write([at('log', 4, 103, 'dionaea.connection.link', { parent: parents[1], child })]);
    expect(store.place(2).parent).toBe(1);
    expect(store.waiting.size).toBe(1);
  });
});

describe('an incident that knows more or less than the announcement', () => {
  it('belongs to it, if nothing that both know differs', () => {
    const unbound = {
      ...from('', 80),
      local: { host: '', port: 0 },
      remote: { host: '', port: 80, hostname: 'x' },
    };
    const resolved = { ...from('198.51.100.2', 80), local: { host: '192.0.2.1', port: 50_000 } };
    const mapped = from('::ffff:198.51.100.1', 1111);
    const long = from('2001:DB8:0::1', 5);
    expect(offers([acceptFrom('log', 1, 100, unbound), offerFrom('log', 2, 101, 'a', resolved)])).toEqual({
      a: 1,
    });
    expect(offers([acceptFrom('log', 1, 100, ann), offerFrom('log', 2, 101, 'a', { id: '7' })])).toEqual({
      a: 1,
    });
    expect(offers([acceptFrom('log', 1, 100, ann), offerFrom('log', 2, 101, 'a', mapped)])).toEqual({ a: 1 });
    expect(
      offers([acceptFrom('log', 1, 100, long), offerFrom('log', 2, 101, 'a', from('2001:db8::1', 5))]),
    ).toEqual({ a: 1 });
  });

  it('belongs to a connection of its host over UDP, whose port may change', () => {
    const udp = (port: number) => ({ ...from('198.51.100.1', port), transport: 'udp' });
    expect(offers([acceptFrom('log', 1, 100, udp(69)), offerFrom('log', 2, 101, 'a', udp(40_001))])).toEqual({
      a: 1,
    });
  });

  it('belongs to it if the id is unique, even if the remote end changes', () => {
    for (const id of ['0a'.repeat(32), '00a1f6b2-0000-4000-8000-0123456789ab', 'session one']) {
      const [before, after] = [from('198.51.100.1', 80, id), from('198.51.100.2', 81, id)];
      const batches = [[offerFrom('log', 1, 100, 'a', after)], [acceptFrom('log', 2, 9000, before)]];
      expect(offers(...batches)).toEqual({ a: 1 });
    }
  });
});

describe('formerKey', () => {
  const announcement = '0123456789abcdef0123:12';

  it('is the key that earlier versions gave a row of a database', () => {
    expect(formerKey(connectionKey('my pot', announcement))).toEqual({
      key: connectionKey('my pot', 'c12'),
      incidentId: announcement,
    });
  });

  it('is undefined for other connections', () => {
    for (const id of ['c12', 'x:1', `x ${announcement}`, '0123456789abcdef0123:', ''])
      expect(formerKey(connectionKey('my pot', id))).toBeUndefined();
  });
});
