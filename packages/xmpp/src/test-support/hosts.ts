import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  defineHandler,
  type HandlerEntry,
  type Incident,
} from '@ihandler/core';
import { onTestFinished } from 'vitest';
import xmppSource, { type XmppSourceOptions } from '../source.ts';

/** A dispatcher that is started, and closed with the test. */
export async function host(handlers: readonly HandlerEntry[]): Promise<Dispatcher> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-xmpp-'));
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers,
    sensor: 'hive',
    dataDir,
    retry: { base: 20, cap: 200 },
  });
  onTestFinished(async () => {
    await dispatcher.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await dispatcher.start();
  return dispatcher;
}

/** A hub that keeps all it hears in rooms. */
export async function hub(options: XmppSourceOptions) {
  const kept: Incident[] = [];
  const handler = defineHandler({ name: 'keeper', on: { '*': (incident) => void kept.push(incident) } });
  const dispatcher = await host([{ handler }]);
  return {
    kept,
    dispatcher,
    /** Begins to listen; resolves when it is in its rooms. */
    async listen() {
      const end = new AbortController();
      let isThere: () => void = () => {};
      const there = new Promise<void>((resolve) => {
        isThere = resolve;
      });
      const source = xmppSource(options);
      const run: typeof source.run = (context) =>
        source.run({
          ...context,
          log: {
            ...context.log,
            message: (text) => {
              if (text === 'is in its rooms') isThere();
            },
          },
        });
      const running = dispatcher.run({ ...source, run }, { signal: end.signal });
      running.catch(() => undefined);
      await there;
      return {
        async stop() {
          end.abort();
          await running;
        },
      };
    },
  };
}

/** Waits until something holds; the test's own time limit ends what never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
