import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type DispatcherOptions,
  describeError,
  encodeIncident,
  type HandlerEntry,
  IhandlerError,
  type LaneStatus,
  type Log,
} from '@ihandler/core';
import { formatReject, pause } from '@ihandler/core/kit';
import type { DeclaredOrigins } from '@ihandler/core/origins';
import { openSourceStates } from '../assembly/import-states.ts';
import type { Input } from '../assembly/recognise-file.ts';
import { raiseWalls, type WallsWorld } from '../walls/raise-walls.ts';
import type { CompleteWorld } from '../world.ts';
import type { ImportProgress, ImportResult, LinesWritten } from './import-result.ts';
import { createLinesFile, type LinesFile } from './lines-file.ts';
import { type MutableProgress, readInputs } from './read-inputs.ts';

/** What an import needs. */
export interface ImportJob {
  readonly inputs: readonly Input[];
  readonly handlers: readonly HandlerEntry[];
  readonly sensor: string;
  /** What the installed packages declare. */
  readonly origins: readonly DeclaredOrigins[];
  readonly dataDir: string;
  /** The file for rejected input; created when needed. */
  readonly rejects: string;
  /** The file for dead letters; created when needed. */
  readonly deadLetters: string;
  readonly signal: AbortSignal;
  /** The states of the live sources. */
  readonly otherStates: NonNullable<DispatcherOptions['otherStates']>;
  readonly log: (name?: string) => Log;
  readonly onReopen: CompleteWorld['onReopen'];
  readonly patience: CompleteWorld['patience'];
  readonly walls: WallsWorld;
  /** How long a handler may block the event loop, in milliseconds; undefined for no limit. */
  readonly blocked: number | undefined;
  /** Replaces secrets in a text that is written to a file. */
  hide(text: string): string;
  /** Called four times a second, and at the end. */
  onProgress(progress: ImportProgress): void;
}

/** The first handler that fails at the moment, with its failure. */
function stuckOne(lanes: readonly LaneStatus[]): string | undefined {
  const stuck = lanes.find(({ failure }) => failure !== undefined);
  return stuck && `${stuck.instance}: ${stuck.failure}`;
}

/**
 * Waits for handlers whose first start failed with a temporary error, such as a locked database. Nothing is read before all
 * have started, since a handler that starts later would need a second import.
 */
async function waitForStarts(dispatcher: Dispatcher, { patience, signal }: ImportJob): Promise<void> {
  const failing = () =>
    dispatcher.status().filter(({ state, failure }) => state === 'starting' && failure !== undefined);
  const until = performance.now() + patience.start;
  while (failing().length > 0 && performance.now() < until) await pause(100, signal);
  const stuck = stuckOne(failing());
  if (stuck !== undefined && !signal.aborted)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Nothing was read: a handler did not start within ${Math.round(patience.start / 1000)} s. ${stuck}`,
    );
}

async function drain(dispatcher: Dispatcher, { patience, signal }: ImportJob): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  const behind = await dispatcher.drain({ stalledAfter: patience.stall, signal });
  if (behind.length === 0 || signal.aborted) return undefined;
  const names = behind.map(({ instance, failure }) => `${instance} (${failure ?? 'it stopped responding'})`);
  return `no progress for ${Math.round(patience.stall / 1000)} s: ${names.join(', ')}`;
}

/** Reopens the handlers' files, which another program may have renamed. A file that cannot be reopened stays in use. */
function reopen(dispatcher: Dispatcher, { log }: ImportJob): void {
  dispatcher
    .reopen()
    .catch((error: unknown) => log().error('cannot reopen files', { error: describeError(error) }));
}

async function written(file: LinesFile): Promise<LinesWritten | undefined> {
  await file.close();
  return file.count > 0 ? { file: file.path, count: file.count } : undefined;
}

/**
 * Reads the inputs one after the other into the handlers, and waits until each has processed all incidents. Throws for a
 * handler that does not start, before anything is read; other failures are in the result.
 */
export async function runImport(job: ImportJob): Promise<ImportResult> {
  const began = performance.now();
  const rejects = createLinesFile(job.rejects);
  const deadLetters = createLinesFile(job.deadLetters);
  const sourceStates = openSourceStates(job.dataDir, job.log());
  const dispatcher = createDispatcher({
    failFast: true,
    journal: createMemoryJournal({ states: sourceStates.states }),
    // The journal is new and holds only this import.
    handlers: job.handlers.map((entry) => ({ ...entry, from: 'beginning' })),
    origins: job.origins,
    sensor: job.sensor,
    dataDir: job.dataDir,
    log: job.log,
    hide: job.hide,
    otherStates: job.otherStates,
    onReject: (_source, reject) => rejects.append(formatReject(reject)),
    onDeadLetter: ({ incident, instance, reason, attempts, at }) => {
      const line = `{"deadLetter":${JSON.stringify({ instance, reason: job.hide(reason), attempts, at })},"incident":${encodeIncident(incident)}}`;
      // close() rejects when it could not be written.
      deadLetters.append(line).catch(() => undefined);
    },
  });
  const reached: MutableProgress = {
    file: job.inputs[0]?.file ?? '',
    index: 1,
    of: job.inputs.length,
    fraction: undefined,
    incidents: 0,
    seconds: 0,
    stuck: undefined,
  };
  const report = () => {
    reached.seconds = (performance.now() - began) / 1000;
    reached.stuck = stuckOne(dispatcher.status());
    job.onProgress({ ...reached });
  };
  const tick = setInterval(report, 250);
  const finished = new AbortController();
  job.onReopen?.(() => reopen(dispatcher, job), finished.signal);
  const lowerWalls = raiseWalls(dispatcher, job.walls, { blocked: job.blocked });
  try {
    await dispatcher.start();
    await waitForStarts(dispatcher, job);
    const { files, stalled } = await readInputs(dispatcher, job, reached);
    const failure = stalled ?? (await drain(dispatcher, job));
    sourceStates.save();
    report();
    // A handler that made no progress is not waited for again.
    await dispatcher.close(failure === undefined ? {} : { within: 1000 });
    return {
      files,
      asked: job.inputs.length,
      lanes: dispatcher.status(),
      rejects: await written(rejects),
      deadLetters: await written(deadLetters),
      seconds: (performance.now() - began) / 1000,
      isInterrupted: job.signal.aborted,
      failure,
    };
  } finally {
    finished.abort();
    clearInterval(tick);
    await dispatcher.close();
    lowerWalls();
  }
}
