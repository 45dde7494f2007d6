import { createMemoryJournal } from '@ihandler/core';
import { expect, expectTypeOf, it } from 'vitest';
import { connection, incident, incidents, poison } from './index.ts';
import { knownNames, knownOrigins } from './origins.ts';

it.each([...knownNames.filter((origin) => !origin.startsWith('ihandler.'))])(
  'incident has example data of %s that fits its schema',
  (origin) => {
    expect(knownOrigins.misfitOf(origin, incident(origin).data)).toBeUndefined();
  },
);

it('incident returns the same incident on each call, deeply frozen', () => {
  expect(incident('dionaea.download.offer')).toEqual(incident('dionaea.download.offer'));
  expect(incident('dionaea.download.offer')).toMatchObject({ id: 'test:1', sensor: 'test-sensor' });
  expect(Object.isFrozen(incident('dionaea.download.offer').data.connection?.remote)).toBe(true);
});

it('incident replaces keys of the example by those of the test', () => {
  const offer = incident('dionaea.download.offer', { url: 'ftp://203.0.113.1/x' }, { id: 'other:7' });
  expectTypeOf(offer.data.url).toEqualTypeOf<string | Uint8Array>();
  expect(offer.id).toBe('other:7');
  expect(offer.data).toEqual({ url: 'ftp://203.0.113.1/x', connection: connection() });
  expect(incident('dionaea.download.offer').data.url).not.toBe(offer.data.url);
});

it('incident has only the data of the test for an origin that is not declared', () => {
  expect(incident('acme.thing.seen').data).toEqual({});
  expect(incident('acme.thing.seen', { what: 'x' }).data).toEqual({ what: 'x' });
});

it('incidents makes several with rising ids and times', () => {
  const three = incidents(3, 'dionaea.connection.tcp.accept');
  expect(three.map(({ id }) => id)).toEqual(['test:1', 'test:2', 'test:3']);
  expect(new Set(three.map(({ timestamp }) => timestamp)).size).toBe(3);
});

it('connection accepts overrides of parts of its ends', () => {
  expect(connection({ id: 'c9', remote: { host: '2001:db8::1' } })).toEqual({
    ...connection(),
    id: 'c9',
    remote: { ...connection().remote, host: '2001:db8::1' },
  });
});

it('poison is accepted by a journal and cannot be read by a handler', async () => {
  const journal = createMemoryJournal();
  await journal.open();
  await journal.append([poison('acme.thing.seen')]);
  const { incidents: read } = await journal.read(0, 10);
  expect(read[0]?.id).toBe('test:1');
  expect(() => read[0]?.data).toThrow('this incident is poison');
});
