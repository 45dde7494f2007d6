import type { Incident, SourceContext } from '@ihandler/core';
import { createLineReader } from '../log-incident/read-line.ts';
import { createLineTaker, keptText } from '../log-incident/take-lines.ts';
import { createLineSplitter } from '../text/split-lines.ts';
import { streamOf } from './found-file.ts';
import type { FollowSettings } from './options.ts';
import { checkOf, windowSize } from './part-bytes.ts';
import { type FollowState, type Part, writeState } from './state.ts';

const newline = 0x0a;

/** Makes incidents of the bytes of a part and hands them over, each time with how far it is. */
export interface PartLines {
  /** Takes bytes in; hands over when there is enough. */
  push(chunk: Buffer): Promise<void>;
  /** Hands over what was taken in whole lines. */
  flush(): Promise<void>;
  /** The part is over: what is left is a line that was cut. */
  finish(): Promise<void>;
}

/** What {@link createPartLines} needs. */
export interface PartLinesSettings {
  readonly path: string;
  /** The last bytes before that place. */
  readonly before: Buffer;
  readonly settings: FollowSettings;
  readonly context: SourceContext;
  /** The state with the part at the place where its bytes begin. */
  state(): FollowState;
  /** Takes the state that has become durable. */
  keep(state: FollowState): void;
}

/** Makes {@link PartLines} for the part of the state, beginning at its offset. */
export function createPartLines({
  path,
  before: start,
  settings,
  context,
  state,
  keep,
}: PartLinesSettings): PartLines {
  const { part } = state();
  if (part === undefined) throw new Error('There is no part to read.');
  const { maxLine, maxDepth, paths } = settings;
  const sensor = settings.sensor ?? context.sensor;
  const stream = streamOf(part.base, part.generation, sensor);
  const readLine = createLineReader({ sensor, stream, maxDepth, paths, local: !settings.remote });
  const taker = createLineTaker({ file: path, maxLine, ofRejects: false, readLine, log: context.log });
  const splitter = createLineSplitter(part.offset, Math.max(maxLine, keptText), taker.take, taker.skipNulls);
  let at = part.offset;
  let window = start;
  let place = { offset: part.offset, check: part.check };

  async function handOver(done: boolean): Promise<void> {
    const kept = state();
    // Safe: a part is never taken out of the state.
    const before = kept.part as Part;
    if (place.offset === before.offset && !done) return;
    const { found, rejects } = taker.collect();
    // Rejects first: once the state is kept, what is before it is not read again.
    for (const reject of rejects) await context.reject(reject);
    const next = { ...kept, part: { ...before, ...place, done } };
    // Safe: only the lines of rejects files make anything else, and those are not followed.
    await context.report(found as readonly Incident[], { state: writeState(next) });
    keep(next);
  }

  return {
    async push(chunk) {
      splitter.push(chunk);
      const last = chunk.lastIndexOf(newline);
      if (last !== -1) {
        const whole = chunk.subarray(0, last + 1);
        const before = Buffer.concat([window, whole.subarray(-windowSize)]);
        place = { offset: at + whole.length, check: checkOf(before) };
      }
      at += chunk.length;
      window = Buffer.concat([window, chunk.subarray(-windowSize)]).subarray(-windowSize);
      if (taker.isFull()) await handOver(false);
    },
    flush: () => handOver(false),
    async finish() {
      splitter.end();
      place = { offset: at, check: checkOf(window) };
      await handOver(true);
    },
  };
}
