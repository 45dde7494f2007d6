import { describe, expect, it } from 'vitest';
import { defineHandler, type Handler } from '../contract/handler.ts';
import { createOrigins } from '../origins/create-origins.ts';
import { anything, handle, incidentOf, open } from '../testing/delivery.ts';
import type { HandlerEntry } from './handler-entry.ts';
import { createRouter as createRouterOf } from './router.ts';

const createRouter = (entries: readonly HandlerEntry[], known: readonly string[]) =>
  createRouterOf(
    entries,
    createOrigins([
      { origins: Object.fromEntries(known.map((origin) => [origin, { level: 'info', description: '' }])) },
    ]),
  );

const listening = (name: string, ...globs: readonly string[]): Handler =>
  defineHandler({ name, on: Object.fromEntries(globs.map((glob) => [glob, () => {}])) });
const writing = (name: string, ...accepts: readonly string[]): Handler =>
  defineHandler({ name, accepts, write() {} });

const known = ['root.connection.accept', 'root.connection.free', 'root.download.offer'];

/** The names of the handlers that an origin reaches. */
function reach(handlers: readonly Handler[], origin: string, misfit = false): readonly string[] {
  const router = createRouter(
    handlers.map((handler) => ({ handler })),
    known,
  );
  return router.route(origin, misfit).reached.map(({ lane }) => handlers[lane]?.name ?? '');
}

describe('an origin', () => {
  const handlers = [
    writing('all', '*'),
    listening('exact', 'root.connection.accept'),
    listening('family', 'root.*'),
    listening('accepts', '*.accept'),
    writing('foreign', 'acme.*'),
    listening('typo', 'root.conection.*'),
  ];

  it.each([
    ['root.connection.accept', 'of the catalogue', ['all', 'exact', 'family', 'accepts']],
    ['root.connection.free', 'of the catalogue', ['all', 'family']],
    ['root.connection.new', 'unknown, under a known root', ['all']],
    ['acme.accept', 'unknown, also matched by a glob that known origins match', ['all', 'foreign']],
    ['acme.thing', 'unknown, of a foreign root', ['all', 'foreign']],
    ['root.conection.x', 'unknown, matched by a glob that no known origin matches', ['all', 'typo']],
    ['constructor', 'named as something every object has', ['all']],
  ])('%s, %s, reaches %j', (origin, _, expected) => {
    expect(reach(handlers, origin)).toEqual(expected);
  });

  it('that a handler does not want does not reach it, known or not', () => {
    const choosy: Handler = { ...writing('choosy', '*'), wants: (origin) => origin.endsWith('.accept') };
    expect(reach([choosy], 'root.connection.accept')).toEqual(['choosy']);
    expect(reach([choosy], 'root.connection.accept', true)).toEqual(['choosy']);
    expect(reach([choosy], 'acme.accept')).toEqual(['choosy']);
    expect(reach([choosy], 'root.connection.free')).toEqual([]);
  });

  it('whose data does not fit reaches only "*"', () => {
    expect(reach(handlers, 'root.connection.accept', true)).toEqual(['all']);
    expect(reach([listening('stars', '**')], 'root.connection.accept', true)).toEqual([]);
  });

  it('that a handler declares in its reports is known to all, and does not change what the globs of others match', () => {
    const reporter = defineHandler({ name: 'reporter', reports: { 'acme.free': anything }, on: {} });
    const handlers = [reporter, listening('free', '*.free'), listening('acme', 'acme.*')];
    const router = createRouter(
      handlers.map((handler) => ({ handler })),
      known,
    );
    expect(router.route('acme.free', false)).toMatchObject({
      known: true,
      reached: [{ lane: 1 }, { lane: 2 }],
    });
    expect(router.route('other.free', false)).toMatchObject({ known: false, reached: [] });
    expect(router.route('acme.told', false)).toMatchObject({ known: false, reached: [{ lane: 2 }] });
  });

  it('must pass "only" and "except"', () => {
    const router = createRouter(
      [
        { handler: writing('a', '*'), only: ['root.connection.*', 'acme.*'] },
        { handler: writing('b', '*'), except: ['*.free', 'acme.*'] },
        { handler: writing('c', '*'), only: [] },
      ],
      known,
    );
    const lanes = (origin: string) => router.route(origin, false).reached.map(({ lane }) => lane);
    expect(lanes('root.connection.accept')).toEqual([0, 1]);
    expect(lanes('root.connection.free')).toEqual([0]);
    expect(lanes('root.download.offer')).toEqual([1]);
    expect(lanes('acme.thing')).toEqual([0]);
  });
});

describe('a route', () => {
  it('is the same list object for all origins that match the same listeners', () => {
    const router = createRouter([{ handler: listening('family', 'root.*', '*') }], known);
    const [accept, free] = ['root.connection.accept', 'root.connection.free'];
    expect(router.route(accept ?? '', false).reached).toBe(router.route(free ?? '', false).reached);
    expect(router.route(accept ?? '', false).reached).not.toBe(router.route('acme.x', false).reached);
  });

  it('holds the listeners in written order', () => {
    const handler = listening('one', 'root.*', '*', 'root.connection.accept', 'root.download.offer');
    const [reached] = createRouter([{ handler }], known).route('root.connection.accept', false).reached;
    const written = Object.values('on' in handler ? handler.on : {});
    expect(reached?.reached.listeners).toEqual(written.slice(0, 3));
  });

  it('is computed in constant memory, however many origins come', () => {
    const router = createRouter([{ handler: writing('all', '*') }], known);
    for (let n = 0; n < 20_000; n += 1) expect(router.route(`acme.o${n}`, false).reached).toHaveLength(1);
    expect(router.route('acme.o1', false)).toBe(router.route('acme.o1', false));
    expect(router.route('acme.o19999', false)).not.toBe(router.route('acme.o19999', false));
  });
});

it('unknown origins and misfits reach the handlers whose globs match them', async () => {
  const heard: string[] = [];
  const hear = (glob: string) => (incident: { origin: string; misfit?: string }) =>
    void heard.push(`${glob} ${incident.origin}${incident.misfit === undefined ? '' : ' (misfit)'}`);
  const globs = ['*', 'dionaea.*', 'dionaea.download.offer', '*.offer', 'acme.*'];
  const handler = defineHandler({
    name: 'one',
    on: Object.fromEntries(globs.map((glob) => [glob, hear(glob)])),
  });
  await handle(await open([handler]), [
    incidentOf(1, 'dionaea.download.offer', { url: 'http://192.0.2.1/' }),
    incidentOf(2, 'dionaea.download.offer', { url: 7 }),
    incidentOf(3, 'dionaea.new.offer'),
    incidentOf(4, 'acme.offer'),
  ]);
  expect(heard).toEqual([
    '* dionaea.download.offer',
    'dionaea.* dionaea.download.offer',
    'dionaea.download.offer dionaea.download.offer',
    '*.offer dionaea.download.offer',
    '* dionaea.download.offer (misfit)',
    '* dionaea.new.offer',
    '* acme.offer',
    'acme.* acme.offer',
  ]);
});
