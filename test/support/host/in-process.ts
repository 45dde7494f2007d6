import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  failureKind,
  type HandlerEntry,
  type Journal,
  type Source,
} from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';

/** Starts a dispatcher in this process, with short retry delays. It is closed with the test. */
export async function host(
  handlers: readonly HandlerEntry[],
  journal: Journal = createMemoryJournal(),
  sensor = 'hive',
): Promise<Dispatcher> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-host-'));
  const retry = { base: 20, cap: 200 };
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal,
    handlers,
    sensor,
    dataDir,
    retry,
  });
  onTestFinished(async () => {
    await dispatcher.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await dispatcher.start();
  return dispatcher;
}

/** Runs a source once: a dispatcher, or what stands in for one. */
export interface SourceRunner {
  run(source: Source, options: { readonly signal: AbortSignal }): unknown;
}

/** How {@link keepRunning} runs a source. */
export interface KeepRunningOptions {
  /** Stops the source. */
  readonly signal: AbortSignal;
  /** The delay before a restart, in milliseconds. @default 100 */
  readonly delay?: number;
}

/**
 * Runs a source as the host does: after a temporary failure it starts the same source again, after a short delay. Resolves
 * when the source ends; rejects with any other error.
 */
export async function keepRunning(
  runner: SourceRunner,
  source: Source,
  { signal, delay = 100 }: KeepRunningOptions,
): Promise<void> {
  for (;;)
    try {
      await runner.run(source, { signal });
      return;
    } catch (error) {
      if (failureKind(error) !== 'temporary') throw error;
      await wait(delay, undefined, { signal }).catch(() => undefined); // the signal ends the delay
      if (signal.aborted) return;
    }
}
