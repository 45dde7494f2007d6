import { type Dispatcher, describeError, isIhandlerError, type SourceOutcome } from '@ihandler/core';
import type { Input } from '../assembly/recognise-file.ts';
import type { CompleteWorld } from '../world.ts';
import type { FileResult, ImportProgress } from './import-result.ts';

/** The progress of reading, updated by {@link readInputs}. */
export type MutableProgress = { -readonly [Key in keyof ImportProgress]: ImportProgress[Key] };

/** What to read, and how long to wait. */
export interface Reading {
  readonly inputs: readonly Input[];
  readonly signal: AbortSignal;
  readonly patience: CompleteWorld['patience'];
}

/** The results of the inputs that were read. */
export interface ReadResult {
  readonly files: readonly FileResult[];
  /** Why reading stopped early: no handler accepted incidents any more. */
  readonly stalled: string | undefined;
}

const nothing: SourceOutcome = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };

async function readInput(
  { file, reader }: Input,
  dispatcher: Dispatcher,
  { signal, patience }: Reading,
  onOutcome: (outcome: SourceOutcome, fraction: number | undefined) => void,
): Promise<{ readonly result: FileResult; readonly stalled?: string }> {
  if (reader === undefined) return { result: { file, source: undefined, outcome: nothing } };
  let reached = nothing;
  try {
    const outcome = await dispatcher.run(reader.source, {
      signal,
      stalledAfter: patience.stall,
      onProgress({ done, total, ...counts }) {
        reached = counts;
        onOutcome(counts, total === undefined || total === 0 ? undefined : done / total);
      },
    });
    if (!signal.aborted) onOutcome(outcome, 1);
    return { result: { file, source: reader.name, outcome } };
  } catch (error) {
    const result = { file, source: reader.name, outcome: reached };
    const problem = describeError(error);
    if (signal.aborted) return { result };
    if (isIhandlerError(error) && error.code === 'STALLED') return { result, stalled: problem };
    return { result: { ...result, failure: problem } };
  }
}

function totalSize(inputs: readonly Input[]): number | undefined {
  let total = 0;
  for (const { size } of inputs) {
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}

/**
 * Runs the sources one after the other. After a failure it continues with the next one, unless no handler accepts incidents
 * any more.
 */
export async function readInputs(
  dispatcher: Dispatcher,
  reading: Reading,
  reached: MutableProgress,
): Promise<ReadResult> {
  const files: FileResult[] = [];
  const total = totalSize(reading.inputs);
  let bytes = 0;
  let incidents = 0;
  for (const [at, input] of reading.inputs.entries()) {
    if (reading.signal.aborted) break;
    Object.assign(reached, { file: input.file, index: at + 1 });
    const size = input.size ?? 0;
    const { result, stalled } = await readInput(input, dispatcher, reading, (outcome, fraction) => {
      reached.incidents = incidents + outcome.accepted + outcome.known;
      reached.fraction = total && fraction !== undefined ? (bytes + size * fraction) / total : undefined;
    });
    files.push(result);
    if (stalled !== undefined) return { files, stalled };
    incidents += result.outcome.accepted + result.outcome.known;
    bytes += size;
  }
  return { files, stalled: undefined };
}
