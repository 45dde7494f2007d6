import { createDispatcher, createIncident } from '@ihandler/core';
import { createDisk } from '@ihandler/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleHandlers, type IsolatedHandlers } from '../support/isolation/isolated-handlers.ts';

const COUNT = 20;

let handlers: IsolatedHandlers;
beforeAll(async () => {
  handlers = await bundleHandlers();
});
afterAll(() => handlers.remove());

const counting = `
const count = (incidents, { state }) => {
  state.set({ count: (state.get()?.count ?? 0) + incidents.length });
  for (const { data } of incidents) if (data.n === 7) throw Object.assign(new Error('no'), { permanent: true });
};
`;

const forms = {
  listening: `${counting}export default () => ({ contract: 1, name: 'h',
    on: { 'acme.*': (incident, context) => count([incident], context) } });`,
  writing: `${counting}export default () => ({ contract: 1, name: 'h',
    accepts: ['acme.*'], write: (batch, checkpoint, context) => count(batch, context) });`,
  tooLarge: `export default () => ({ contract: 1, name: 'h',
    on: { 'acme.*': ({ data }, { state }) => state.set(data.n === 7 ? 'x'.repeat(70000) : { count: data.n }) } });`,
  outside: `let lent; export default () => ({ contract: 1, name: 'h', start: (context) => { lent = context; },
    on: { 'acme.*': () => lent.state.set(1) } });`,
};

/** Delivers the incidents to an isolated handler, with a restart in between; returns its state and how many are dead. */
async function deliver(name: keyof typeof forms) {
  handlers.write(name, forms[name]);
  const disk = createDisk();
  for (const [from, to] of [
    [0, 10],
    [10, COUNT],
  ] as const) {
    const dispatcher = createDispatcher({
      journal: disk.journal(),
      handlers: [{ handler: await handlers.create(name) }],
      sensor: 's',
      dataDir: handlers.folder,
      origins: [],
      retry: { base: 0, attempts: 2 },
    });
    await dispatcher.start();
    const numbers = Array.from({ length: to - from }, (_, index) => from + index + 1);
    await dispatcher.report(
      numbers.map((n) =>
        createIncident({ id: `s:${n}`, origin: 'acme.seen', timestamp: n, sensor: 's', data: { n } }),
      ),
    );
    await dispatcher.drain();
    await dispatcher.close();
  }
  return { state: disk.states.get('@h'), dead: disk.deadLetters.length };
}

describe('the state of a handler in a thread', () => {
  it.each(['listening', 'writing'] as const)(
    'of a %s handler survives a restart, without what a failed delivery has set',
    async (name) => {
      expect(await deliver(name)).toEqual({ state: { count: COUNT - 1 }, dead: 1 });
    },
  );

  it('is refused when it is too large: the delivery fails, and the state before it stays', async () => {
    expect(await deliver('tooLarge')).toEqual({ state: { count: COUNT }, dead: 1 });
  });

  it('cannot be set outside of a delivery', async () => {
    expect(await deliver('outside')).toEqual({ state: undefined, dead: COUNT });
  });
});
