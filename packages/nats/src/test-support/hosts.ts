import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  type Dispatcher,
  defineHandler,
  type HandlerEntry,
  type Incident,
  type Journal,
} from '@ihandler/core';
import { onTestFinished } from 'vitest';

/** A dispatcher that is started, and closed with the test. */
export async function host(
  handlers: readonly HandlerEntry[],
  journal: Journal = createMemoryJournal(),
): Promise<Dispatcher> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-nats-'));
  const retry = { base: 20, cap: 200 };
  const dispatcher = createDispatcher({ journal, handlers, sensor: 'hive', dataDir, retry });
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
  const handler = defineHandler({ name: 'keeper', on: { '*': (incident) => void kept.push(incident) } });
  return { kept, entry: { handler } };
}

/** An offer of a sensor. */
export function offer(ordinal: number, sensor = 'pot', stream = sensor): Incident {
  const data = { url: `http://198.51.100.7/${ordinal}` };
  return createIncident({
    id: `${stream}:${ordinal}`,
    origin: 'dionaea.download.offer',
    timestamp: ordinal,
    sensor,
    data,
  });
}

/** Waits until something holds; the test's own time limit ends what never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
