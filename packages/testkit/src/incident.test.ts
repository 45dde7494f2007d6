import { catalogue, createMemoryJournal, knownOrigins, misfitOf } from '@ihandler/core';
import { expect, expectTypeOf, it } from 'vitest';
import { connection, incident, incidents, poison } from './index.ts';

it.each([...knownOrigins()])('has example data of %s that fits its schema', (origin) => {
  const { data, misfit } = incident(origin);
  expect(misfit).toBeUndefined();
  expect(misfitOf(origin, data)).toBeUndefined();
  // The catalogue's own schema, beside the check that is generated from it.
  expect(catalogue[origin as keyof typeof catalogue].schema.safeParse(data).success).toBe(true);
});

it('is the same incident each time, frozen all the way down', () => {
  expect(incident('dionaea.download.offer')).toEqual(incident('dionaea.download.offer'));
  expect(incident('dionaea.download.offer')).toMatchObject({ id: 'test:1', sensor: 'test-sensor' });
  expect(Object.isFrozen(incident('dionaea.download.offer').data.connection?.remote)).toBe(true);
});

it('has what a test says in place of the example, and the rest of the example', () => {
  const offer = incident('dionaea.download.offer', { url: 'ftp://203.0.113.1/x' }, { id: 'other:7' });
  expectTypeOf(offer.data.url).toEqualTypeOf<string | Uint8Array>();
  expect(offer.id).toBe('other:7');
  expect(offer.data).toEqual({ url: 'ftp://203.0.113.1/x', connection: connection() });
  expect(incident('dionaea.download.offer').data.url).not.toBe(offer.data.url);
});

it('of an origin that the catalogue does not know has only the data that a test gives', () => {
  expect(incident('acme.thing.seen').data).toEqual({});
  expect(incident('acme.thing.seen', { what: 'x' }).data).toEqual({ what: 'x' });
});

it('makes many with rising ids and times', () => {
  const three = incidents(3, 'dionaea.connection.tcp.accept');
  expect(three.map(({ id }) => id)).toEqual(['test:1', 'test:2', 'test:3']);
  expect(new Set(three.map(({ timestamp }) => timestamp)).size).toBe(3);
});

it('makes connections whose ends a test may change in part', () => {
  expect(connection({ id: 'c9', remote: { host: '2001:db8::1' } })).toEqual({
    ...connection(),
    id: 'c9',
    remote: { ...connection().remote, host: '2001:db8::1' },
  });
});

it('makes poison that a journal takes and no handler can read', async () => {
  const journal = createMemoryJournal();
  await journal.open();
  await journal.append([poison('acme.thing.seen')]);
  const { incidents: read } = await journal.read(0, 10);
  expect(read[0]?.id).toBe('test:1');
  expect(() => read[0]?.data).toThrow('this incident is poison');
});
