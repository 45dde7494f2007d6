import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type HandlerEntry,
  type Journal,
} from '@ihandler/core';
import { onTestFinished } from 'vitest';

/** Starts a dispatcher in this process; it is closed with the test. What fails is soon tried again. */
export async function host(
  handlers: readonly HandlerEntry[],
  journal: Journal = createMemoryJournal(),
  sensor = 'hive',
): Promise<Dispatcher> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-host-'));
  const retry = { base: 20, cap: 200 };
  const dispatcher = createDispatcher({ journal, handlers, sensor, dataDir, retry });
  onTestFinished(async () => {
    await dispatcher.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await dispatcher.start();
  return dispatcher;
}
