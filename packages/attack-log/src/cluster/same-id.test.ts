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
