import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type DispatcherOptions,
  type Handler,
  type Incident,
} from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-regression-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A dispatcher in a folder that retries immediately. It is not started. */
export function hostOf(
  folder: string,
  handlers: readonly Handler[],
  options: Partial<DispatcherOptions> = {},
): Dispatcher {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  return createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: handlers.map((handler) => ({ handler })),
    sensor: 'hive',
    dataDir,
    retry: { base: 1, cap: 5, attempts: 2 },
    ...options,
  });
}

/** Runs a host once: reports everything, waits until it is handled, and closes the host. */
export async function handle(
  folder: string,
  handlers: readonly Handler[],
  incidents: readonly Incident[],
): Promise<void> {
  const host = hostOf(folder, handlers);
  await host.start();
  await host.report(incidents);
  const left = await host.drain();
  await host.close();
  if (left.length > 0) throw new Error(`not handled: ${JSON.stringify(left)}`);
}
