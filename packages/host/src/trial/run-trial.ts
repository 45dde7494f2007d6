import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createMemoryJournal,
  type HandlerEntry,
  IhandlerError,
  type LaneStatus,
  type Log,
  type Source,
} from '@ihandler/core';
import { pause, SECOND } from '@ihandler/core/kit';
import type { DeclaredOrigins } from '@ihandler/core/origins';
import { raiseWalls, type WallsWorld } from '../walls/raise-walls.ts';
import { traceHandler } from './traced-handler.ts';

/** How long a handler that is tried may block the program, in milliseconds. */
const BLOCKED = 10 * SECOND;

/** How to try a handler. */
export interface TrialOptions {
  readonly sensor: string;
  /** What the installed packages declare. @default nothing */
  readonly origins?: readonly DeclaredOrigins[];
  /** Gets a line for each incident, report and failure; lines that belong to an incident are indented. */
  readonly writeLine: (line: string) => void;
  readonly log: (name?: string) => Log;
  readonly signal: AbortSignal;
  /** How long the handler may make no progress, and its start may take, in milliseconds. @default 5000 */
  readonly stalledAfter?: number | undefined;
}

/** Waits for the start, but not for ever. */
async function startWithin(starting: Promise<void>, limit: number, signal: AbortSignal): Promise<void> {
  const late = pause(limit, signal).then(() => {
    if (signal.aborted) return;
    throw new IhandlerError('STALLED', `The handler did not start within ${limit / SECOND} s.`);
  });
  late.catch(() => undefined); // the start was first
  await Promise.race([starting, late]);
}

/**
 * Delivers the incidents of some sources to one handler, with a journal in memory and a temporary data folder. Returns its
 * status when everything is handled, or when it has made no progress for too long.
 */
export async function runTrial(
  entry: HandlerEntry,
  sources: readonly Source[],
  { sensor, origins = [], writeLine, log, signal, stalledAfter = 5 * SECOND }: TrialOptions,
  walls: WallsWorld,
): Promise<LaneStatus | undefined> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-try-'));
  const common = { failFast: true, journal: createMemoryJournal(), origins, sensor, dataDir };
  try {
    // Throws for an invalid handler, before it is wrapped.
    createDispatcher({ ...common, handlers: [entry] });
    const dispatcher = createDispatcher({
      ...common,
      handlers: [{ ...entry, handler: traceHandler(entry.handler, writeLine) }],
      log,
      retry: { base: 100, cap: 1000, attempts: 3 },
    });
    const lowerWalls = raiseWalls(dispatcher, walls, { blocked: BLOCKED });
    try {
      await startWithin(dispatcher.start(), stalledAfter, signal);
      for (const source of sources) await dispatcher.run(source, { signal, stalledAfter });
      await dispatcher.drain({ stalledAfter, signal });
      return dispatcher.status()[0];
    } finally {
      await dispatcher.close({ within: stalledAfter });
      lowerWalls();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
