import { createOrigins } from '@ihandler/core/origins';
import { describe, expect, it } from 'vitest';
import { connectionKey, connectionKeysIn } from '../index.ts';
import { accept, connection, free, incident, link, offer } from '../testing/incidents.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { cluster } from './cluster.ts';

/** No package declares anything. */
const origins = createOrigins([]);

function storeOf(...batches: Parameters<MemoryStore['write']>[0][]): MemoryStore {
  const store = new MemoryStore();
  for (const batch of batches) store.write(batch);
  return store;
}

/** Root and parent of each connection's row, by row. */
const places = (store: MemoryStore) =>
  store.rows.connections.map(([, , , , , root, parent]) => [root, parent]);

describe('connectionKey', () => {
  it('distinguishes sensors and ids, whatever they contain', () => {
    expect(connectionKey('a', 'b c')).not.toBe(connectionKey('a b', 'c'));
    expect(connectionKey('a', '1')).not.toBe(connectionKey('b', '1'));
  });

  it('is text that a database returns unchanged', () => {
    const key = connectionKey('s', 'x\ud800');
    expect(Buffer.from(key).toString()).toBe(key);
  });
});

describe('connectionKeysIn', () => {
  it('returns the keys of connections, parents and children, each once', () => {
    const named = connectionKeysIn([
      accept('1'),
      link('2', '1'),
      incident('acme.seen', { connection: null }),
    ]);
    expect([...named]).toEqual([connectionKey('s', '1'), connectionKey('s', '2')]);
  });
});

describe('cluster', () => {
  it.each([
    ['after both', [accept('p'), accept('c'), link('p', 'c')]],
    ['before the child', [accept('p'), link('p', 'c'), accept('c')]],
    ['before the parent', [accept('c'), link('p', 'c'), accept('p')]],
    ['before both', [link('p', 'c'), accept('c'), accept('p')]],
    ['early', [link('p', 'c', 's', true), accept('p'), accept('c')]],
    ['after the child was freed', [accept('c'), free('c'), link('p', 'c'), accept('p')]],
  ])('links a child to its parent when the link comes %s', (_, incidents) => {
    for (const batches of [[incidents], incidents.map((one) => [one])]) {
      const store = storeOf(...batches);
      const parent = store.rowOf(connectionKey('s', 'p')) ?? 0;
      const child = store.rowOf(connectionKey('s', 'c')) ?? 0;
      expect(store.place(child)).toEqual({ root: parent, parent });
      expect(store.place(parent)).toEqual({ root: parent, parent: null });
    }
  });

  it('gives a chain that is linked bottom-up one root, even if its rows were stored before', () => {
    const chain = [accept('1'), accept('2'), accept('3'), accept('4')];
    const links = [link('3', '4'), link('2', '3'), link('1', '2')];
    const expected = [
      [1, null],
      [1, 1],
      [1, 2],
      [1, 3],
    ];
    expect(places(storeOf([...chain, ...links]))).toEqual(expected);
    expect(places(storeOf(chain, links))).toEqual(expected);
    expect(places(storeOf(chain, ...links.map((one) => [one])))).toEqual(expected);
  });

  it('counts links that would form a cycle, and does not apply them', () => {
    const store = storeOf([accept('1'), accept('2'), link('1', '2')], [link('2', '1'), link('1', '1')]);
    expect(places(store)).toEqual([
      [1, null],
      [1, 1],
    ]);
    expect(store.skipped).toMatchObject({ cycle: 2, conflict: 0 });
  });

  it('keeps the first parent, ignores the same link again, and counts a link to another parent', () => {
    const store = storeOf(
      [accept('1'), accept('2'), accept('3'), link('1', '3')],
      [link('1', '3'), link('2', '3')],
    );
    expect(store.place(3)).toEqual({ root: 1, parent: 1 });
    expect(store.skipped).toMatchObject({ cycle: 0, conflict: 1 });
  });

  it('adds the rows of waiting incidents right after the announcement, in order of arrival', () => {
    const store = storeOf([offer('1', 'a')], [offer('1', 'b'), accept('1'), offer('1', 'c')]);
    expect(store.rows.offers).toEqual([
      [1, 1, 'a'],
      [2, 1, 'b'],
      [3, 1, 'c'],
    ]);
    expect(store.waiting.size).toBe(0);
  });

  it('treats an id that is announced again as a new connection', () => {
    const store = storeOf([accept('1'), offer('1', 'a'), free('1')], [accept('1'), offer('1', 'b')]);
    expect(store.rows.offers.map((row) => row[1])).toEqual([1, 2]);
  });

  it.each([
    ['first', 2],
    ['last', 1],
  ])('gives a udp.connect over TCP a row and nothing else when it comes %s', (order, accepted) => {
    const pair = [
      incident('dionaea.connection.udp.connect', { connection: connection('1', 'tcp') }),
      accept('1'),
    ];
    const store = storeOf([offer('1', 'a')], order === 'first' ? pair : pair.reverse(), [
      accept('2'),
      link('1', '2'),
    ]);
    expect(store.rows.connections).toHaveLength(3);
    expect(store.announced.map(({ named }) => named)).toEqual(
      order === 'first' ? [false, true, true] : [true, false, true],
    );
    expect(store.rows.offers).toEqual([[1, accepted, 'a']]);
    expect(store.place(3)).toEqual({ root: accepted, parent: accepted });
  });

  it('announces the connections that a declared role opens, but not dionaea’s of dtls', () => {
    const of = (origin: string) => incident(origin, { connection: connection('1') });
    const roles = { 'connection.open': { how: { value: 'accept' } } } as const;
    const declared = ['dionaea.connection.quic.accept', 'dionaea.connection.dtls.accept'].map((origin) => [
      origin,
      { level: 'info', description: '', roles } as const,
    ]);
    const store = new MemoryStore(10, createOrigins([{ origins: Object.fromEntries(declared) }]));
    store.write([of('dionaea.connection.quic.accept'), of('dionaea.connection.dtls.accept')]);
    expect(store.rows.connections).toHaveLength(1);
    expect(store.skipped.other).toBe(1);
  });

  it('marks the waiting links to a freed child, stored or new', () => {
    const store = storeOf([accept('1'), link('gone', '1')], [free('1'), link('away', '2'), free('2')]);
    expect([...store.waiting.values()].map(({ freed }) => freed)).toEqual([true, true]);
  });

  it('modifies neither the state nor the incidents, and returns the same result again', () => {
    const store = storeOf([accept('1'), link('2', '1'), offer('3', 'x')]);
    const batch = [accept('2'), accept('3'), free('1')];
    const state = store.load(batch);
    const before = structuredClone(state);
    const result = structuredClone(cluster(batch, state, origins));
    expect(state).toEqual(before);
    expect(cluster(batch, state, origins)).toEqual(result);
  });

  it('reports each moved row once, with its final place', () => {
    const store = storeOf([accept('1'), accept('2'), accept('3')]);
    const batch = [link('2', '3'), link('1', '2')];
    expect(cluster(batch, store.load(batch), origins).moves).toEqual([
      { row: 3, parent: 2, root: 1, oldRoot: 3 },
      { row: 2, parent: 1, root: 1, oldRoot: 2 },
    ]);
  });

  it('counts incidents without a connection or a required value, and incidents without a table', () => {
    const store = storeOf([
      accept('1'),
      incident('dionaea.download.offer', { url: 'a' }),
      incident('dionaea.download.offer', { connection: connection('1') }),
      incident('dionaea.connection.tcp.accept', { connection: { host: 'x' } }),
      incident('dionaea.connection.link', { parent: connection('1') }),
      incident('dionaea.connection.free', {}),
      incident('dionaea.download.complete.again', { connection: connection('1') }),
      incident('acme.coyote.seen', {}),
    ]);
    expect(store.skipped).toEqual({ cycle: 0, conflict: 0, incomplete: 5, other: 2 });
    expect(store.waiting.size).toBe(0);
  });
});
