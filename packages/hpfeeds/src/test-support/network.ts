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
import { startHpfeedsBroker } from '../../../../test/services/hpfeeds-broker.ts';
import { CHANNELS } from '../dionaea-messages.ts';
import { WHOLE_INCIDENTS } from '../options.ts';

const all = [...Object.values(CHANNELS), WHOLE_INCIDENTS];

/** A broker that knows a `sensor` who may publish and a `hub` who may subscribe; it stops with the test. */
export async function network(options: Partial<Parameters<typeof startHpfeedsBroker>[0]> = {}) {
  const broker = await startHpfeedsBroker({
    users: {
      sensor: { secret: 'one', publish: all, subscribe: [] },
      hub: { secret: 'two', publish: [], subscribe: all },
    },
    ...options,
  });
  onTestFinished(() => broker.stop());
  const at = { server: '127.0.0.1', port: broker.port, reconnect: 0.1 };
  return {
    broker,
    sensor: { ...at, ident: 'sensor', secret: 'one' },
    hub: { ...at, ident: 'hub', secret: 'two' },
  };
}

/** A dispatcher that is started, and closed with the test. */
export async function host(...handlers: readonly HandlerEntry[]): Promise<Dispatcher> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-hpfeeds-'));
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers,
    sensor: 'hive',
    dataDir,
    retry: { base: 20, cap: 100 },
  });
  onTestFinished(async () => {
    await dispatcher.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await dispatcher.start();
  return dispatcher;
}

/** A handler that keeps all it gets. */
export function keeper() {
  const kept: Incident[] = [];
  return {
    kept,
    entry: {
      handler: defineHandler({ name: 'keeper', on: { '*': (incident) => void kept.push(incident) } }),
    },
  };
}

/** Waits until something holds; the test's own time limit ends what never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
