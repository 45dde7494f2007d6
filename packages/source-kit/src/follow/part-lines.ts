import { type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import type { ThrottledLog } from '@ihandler/core/kit';
import { idAt, ordinalIn } from '../known-logs/state.ts';
import { createLineCollector, maxRejectText } from '../lines/collect-lines.ts';
import { longestRead } from '../lines/cut-values.ts';
import { createLineReader } from '../lines/read-line.ts';
import type { FollowSettings } from '../options.ts';
import { createSessions, evictedMessage } from '../sessions.ts';
import { createLineSplitter } from '../text/split-lines.ts';
import { RecentLines } from './last-lines.ts';
import { streamOf } from './log-file.ts';
import { checkOf, windowSize } from './part-bytes.ts';
import { type FollowState, type Part, writeState } from './state.ts';

const newline = 0x0a;

/** Makes incidents from the bytes of a part and reports them, each time with the position reached. */
export interface PartLines {
  /** Adds bytes; reports when there are enough incidents. */
  push(chunk: Buffer): Promise<void>;
  /** Reports the incidents of all complete lines. */
  flush(): Promise<void>;
  /** Ends the part: the remaining bytes are an incomplete line. */
  finish(): Promise<void>;
  /** How many valid lines the last report had, and how many rejects there were since the last one. */
  counts(): { readonly accepted: number; readonly rejected: number };
  /** How many valid lines held no incident. */
  skipped(): number;
}

/** What {@link createPartLines} needs. */
export interface PartLinesSettings {
  readonly path: string;
  /** The last bytes before the part's offset. */
  readonly before: Buffer;
  readonly settings: FollowSettings;
  readonly context: SourceContext;
  readonly warnings: ThrottledLog;
  /** The current state, whose part is the one to read. */
  state(): FollowState;
  /** Receives a state that has become durable. */
  keep(state: FollowState): void;
}

/** Makes {@link PartLines} for the part of the state, beginning at its offset. */
export function createPartLines({
  path,
  before: bytesBefore,
  settings,
  context,
  warnings,
  state,
  keep,
}: PartLinesSettings): PartLines {
  const { part } = state();
  if (part === undefined) throw new Error('The state has no part to read.');
  const { format, maxLine, local } = settings;
  const { log } = context;
  const sensor = settings.sensor ?? context.sensor;
  const stream = streamOf(format.name, part.base, part.generation, sensor);
  const sessions = format.sessions && createSessions(format.sessions, state().sessions);
  const { alias } = part;
  const readLine = createLineReader({ format, sensor, stream, alias, maxLine, local, sessions, log });
  const collector = createLineCollector({
    file: path,
    maxLine,
    isRejectsFile: false,
    readLine,
    beginning: format.beginning,
    log,
  });
  const splitter = createLineSplitter(
    part.offset,
    Math.max(longestRead(maxLine), maxRejectText),
    collector.addLine,
    collector.addNulls,
  );
  /** The end of the bytes pushed so far, and the last of them. */
  let end = part.offset;
  let window = bytesBefore;
  /** The end of the last complete line. */
  let position = { offset: part.offset, check: part.check };
  const recent = new RecentLines(part.recent);
  let counts = { accepted: 0, rejected: 0 };
  let skipped = 0;
  let evicted = 0;

  /** Valid lines without an incident since the last call. */
  function skippedNow(): number {
    const before = skipped;
    skipped = collector.skipped();
    return skipped - before;
  }
  /** The ordinal of the last incident, unless it is that of the position. */
  function lastAfter({ offset, last }: Part, newest: Incident | undefined): number | undefined {
    const now = parseIncidentId(idAt(stream, alias, position.offset));
    const earlier = last ?? ordinalIn(now.stream, { id: idAt(stream, alias, offset) });
    const ordinal = ordinalIn(now.stream, newest) ?? earlier;
    return ordinal === now.ordinal ? undefined : ordinal;
  }
  function warnOfEvicted(): void {
    const before = evicted;
    evicted = sessions?.evicted ?? 0;
    if (evicted > before) warnings.log(evictedMessage, { file: path }, evicted - before);
  }

  async function report(done: boolean): Promise<void> {
    const current = state();
    // Safe: a part is never removed from the state.
    const before = current.part as Part;
    if (position.offset === before.offset && !done) return;
    const { results, rejects } = collector.collect();
    // Rejects first: once the state is durable, the lines before it are not read again.
    for (const reject of rejects) await context.reject(reject);
    const valid = results.length + skippedNow();
    if (valid > 0) counts = { accepted: valid, rejected: 0 };
    else counts = { accepted: 0, rejected: counts.rejected + rejects.length };
    // Safe: only lines of rejects files give other results, and those files are not followed.
    const incidents = results as readonly Incident[];
    const time = incidents.at(-1)?.timestamp ?? before.time;
    const last = lastAfter(before, incidents.at(-1));
    const { last: _, ...withoutLast } = before;
    const next = {
      ...current,
      part: {
        ...withoutLast,
        ...position,
        done,
        recent: [...recent.marks()],
        ...(time !== undefined && { time }),
        ...(last !== undefined && { last }),
      },
      ...(sessions && { sessions: sessions.save() }),
    };
    await context.report(incidents, { state: writeState(next) });
    keep(next);
    warnOfEvicted();
  }

  return {
    async push(chunk) {
      splitter.push(chunk);
      recent.push(chunk);
      const last = chunk.lastIndexOf(newline);
      if (last !== -1) {
        const complete = chunk.subarray(0, last + 1);
        const before = Buffer.concat([window, complete.subarray(-windowSize)]);
        position = { offset: end + complete.length, check: checkOf(before) };
      }
      end += chunk.length;
      window = Buffer.concat([window, chunk.subarray(-windowSize)]).subarray(-windowSize);
      if (collector.isFull()) await report(false);
    },
    flush: () => report(false),
    counts: () => counts,
    skipped: () => collector.skipped(),
    async finish() {
      splitter.end();
      position = { offset: end, check: checkOf(window) };
      await report(true);
    },
  };
}
