import { setTimeout as pause } from 'node:timers/promises';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  describeError,
  encodeIncident,
  formatReject,
  type HandlerEntry,
  IhandlerError,
  type LaneStatus,
  type Log,
  type SourceOutcome,
} from '@ihandler/core';
import type { Input } from './choose-source.ts';
import type { Patience } from './host.ts';
import type { ImportProgress } from './import-progress.ts';
import type { FileResult, ImportResult, Kept } from './import-report.ts';
import { createLinesFile, type LinesFile } from './lines-file.ts';

/** What an import is made of. */
export interface ImportJob {
  readonly inputs: readonly Input[];
  readonly handlers: readonly HandlerEntry[];
  readonly sensor: string;
  readonly dataDir: string;
  /** Where rejected input is kept; made with the first. */
  readonly rejects: string;
  /** Where dead letters are kept; made with the first. */
  readonly deadLetters: string;
  readonly signal: AbortSignal;
  readonly log: (name?: string) => Log;
  readonly patience: Required<Patience>;
  /** Called four times a second. */
  onProgress(progress: ImportProgress): void;
}

type Reached = { -readonly [Key in keyof ImportProgress]: ImportProgress[Key] };

const nothing: SourceOutcome = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };

/** The first handler that is stuck, with its failure. */
function stuckOne(lanes: readonly LaneStatus[]): string | undefined {
  const stuck = lanes.find(({ failure }) => failure !== undefined);
  return stuck && `${stuck.instance}: ${stuck.failure}`;
}

/**
 * Waits for handlers whose first start failed with something that passes, such as a locked database. Without all of them
 * nothing is read: what one of them cannot take would only be read again.
 */
async function waitForStarts(dispatcher: Dispatcher, { patience, signal }: ImportJob): Promise<void> {
  const failing = () =>
    dispatcher.status().filter(({ state, failure }) => state === 'starting' && failure !== undefined);
  const until = performance.now() + patience.start;
  while (failing().length > 0 && performance.now() < until)
    await pause(100, undefined, { signal }).catch(() => undefined);
  const stuck = stuckOne(failing());
  if (stuck !== undefined && !signal.aborted)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Nothing was read, since a handler does not start (tried for ${Math.round(patience.start / 1000)} s). ${stuck}`,
    );
}

async function runInput(
  { file, reader }: Input,
  dispatcher: Dispatcher,
  job: ImportJob,
  onOutcome: (outcome: SourceOutcome, fraction: number | undefined) => void,
): Promise<FileResult> {
  if (reader === undefined) return { file, source: undefined, outcome: nothing };
  let reached = nothing;
  try {
    const outcome = await dispatcher.run(reader.source, {
      signal: job.signal,
      stalledAfter: job.patience.stall,
      onProgress({ done, total, ...counts }) {
        reached = counts;
        onOutcome(counts, total === undefined || total === 0 ? undefined : done / total);
      },
    });
    onOutcome(outcome, 1);
    return { file, source: reader.name, outcome };
  } catch (error) {
    const result = { file, source: reader.name, outcome: reached };
    return job.signal.aborted ? result : { ...result, failure: describeError(error) };
  }
}

async function runInputs(dispatcher: Dispatcher, job: ImportJob, reached: Reached): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const sizes = job.inputs.map(({ size }) => size);
  const total = sizes.reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
  let bytes = 0;
  let incidents = 0;
  for (const [at, input] of job.inputs.entries()) {
    if (job.signal.aborted) break;
    Object.assign(reached, { file: input.file, index: at + 1 });
    const result = await runInput(input, dispatcher, job, ({ accepted, known }, fraction) => {
      reached.incidents = incidents + accepted + known;
      reached.fraction =
        total && fraction !== undefined ? (bytes + (input.size ?? 0) * fraction) / total : undefined;
    });
    results.push(result);
    incidents += result.outcome.accepted + result.outcome.known;
    bytes += input.size ?? 0;
    if (isStalled(dispatcher, result)) break;
  }
  return results;
}

/** Whether a file ended because no handler takes anything any more: then the next file would end so too. */
function isStalled(dispatcher: Dispatcher, { failure }: FileResult): boolean {
  return failure !== undefined && stuckOne(dispatcher.status()) !== undefined;
}

async function drain(dispatcher: Dispatcher, { patience, signal }: ImportJob): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  const behind = await dispatcher.drain({ stalledAfter: patience.stall, signal });
  if (behind.length === 0 || signal.aborted) return undefined;
  const names = behind.map(({ instance, failure }) => `${instance} (${failure ?? 'it does not answer'})`);
  return `no progress for ${Math.round(patience.stall / 1000)} s: ${names.join(', ')}`;
}

async function kept(file: LinesFile): Promise<Kept | undefined> {
  await file.close();
  return file.count > 0 ? { file: file.path, count: file.count } : undefined;
}

/**
 * Reads the inputs one after the other into the handlers, which keep up with it, and waits until each has all of it.
 * Throws for a handler that does not start, before anything is read; everything else is in the result.
 */
export async function runImport(job: ImportJob): Promise<ImportResult> {
  const began = performance.now();
  const rejects = createLinesFile(job.rejects);
  const deadLetters = createLinesFile(job.deadLetters);
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers: job.handlers,
    sensor: job.sensor,
    dataDir: job.dataDir,
    log: job.log,
    onReject: (_source, reject) => rejects.append(formatReject(reject)),
    onDeadLetter: ({ incident, instance, reason, attempts, at }) => {
      const line = `{"deadLetter":${JSON.stringify({ instance, reason, attempts, at })},"incident":${encodeIncident(incident)}}`;
      // close() tells when it could not be written.
      deadLetters.append(line).catch(() => undefined);
    },
  });
  const reached: Reached = {
    file: job.inputs[0]?.file ?? '',
    index: 1,
    of: job.inputs.length,
    fraction: undefined,
    incidents: 0,
    seconds: 0,
    stuck: undefined,
  };
  const tick = setInterval(() => {
    reached.seconds = (performance.now() - began) / 1000;
    reached.stuck = stuckOne(dispatcher.status());
    job.onProgress({ ...reached });
  }, 250);
  try {
    await dispatcher.start();
    await waitForStarts(dispatcher, job);
    const files = await runInputs(dispatcher, job, reached);
    const failure = await drain(dispatcher, job);
    await dispatcher.close();
    return {
      files,
      asked: job.inputs.length,
      lanes: dispatcher.status(),
      rejects: await kept(rejects),
      deadLetters: await kept(deadLetters),
      seconds: (performance.now() - began) / 1000,
      isInterrupted: job.signal.aborted,
      failure,
    };
  } finally {
    clearInterval(tick);
    await dispatcher.close();
  }
}
