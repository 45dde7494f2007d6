import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR } from '@ihandler/core/kit';
import { z } from 'zod';
import { type InFlight, readInFlight, removeInFlight } from './in-flight-file.ts';

const FILE = 'handler-ends.json';
/** What the watchdog of the last process wrote before it ended the process, or while its memory was nearly exhausted. */
const LAST_END = 'last-end.json';

const endSchema = z.object({
  /** When, in milliseconds since the Unix epoch. */
  at: z.number(),
  /** The first incident of the delivery; 0 outside deliveries. */
  position: z.number(),
  /**
   * - `blocked`: it blocked the event loop, and the watchdog ended the process;
   * - `memory`: the process ended while memory was nearly exhausted, by code of this handler;
   * - `crash`: the process ended in the synchronous part of a delivery, for whatever reason.
   */
  kind: z.enum(['blocked', 'memory', 'crash']),
  /** Where, as lines of a stack. */
  stack: z.string().optional(),
});
const lastEndSchema = endSchema.extend({ instance: z.string() });
const fileSchema = z.object({
  version: z.literal(1),
  handlers: z.record(
    z.string(),
    z.object({
      ends: z.array(endSchema),
      paused: z.object({ at: z.number(), reason: z.string() }).optional(),
    }),
  ),
});

/** A process that ended because of a handler. */
export type HandlerEnd = z.output<typeof endSchema>;

/** The ends of a handler, and since when and why it is paused. */
export type EndsOfHandler = z.output<typeof fileSchema>['handlers'][string];

function readJson<S extends z.ZodType>(file: string, schema: S): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined; // Missing, or damaged: the handlers run.
  }
}

/** The handlers that have ended a process on this data folder, by instance. */
export function handlerEnds(dataDir: string): Readonly<Record<string, EndsOfHandler>> {
  return readJson(join(dataDir, FILE), fileSchema)?.handlers ?? {};
}

function write(dataDir: string, handlers: Readonly<Record<string, EndsOfHandler>>): void {
  const file = join(dataDir, FILE);
  if (Object.keys(handlers).length === 0) {
    rmSync(file, { force: true });
    return;
  }
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify({ version: 1, handlers }, undefined, 2)}\n`, { mode: 0o640 });
  renameSync(temporary, file);
}

/** Forgets the ends of a handler, so that it runs at the next start. Returns whether it was paused. */
export function resumeHandler(dataDir: string, instance: string): boolean {
  const { [instance]: resumed, ...others } = handlerEnds(dataDir);
  if (resumed !== undefined) write(dataDir, others);
  return resumed?.paused !== undefined;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // or it belongs to another user, who cannot use this folder
  }
}

/** Why the last process ended, if because of a handler. */
function lastEnd(
  dataDir: string,
  inFlight: readonly InFlight[],
  now: number,
): z.output<typeof lastEndSchema> | undefined {
  const noted = readJson(join(dataDir, LAST_END), lastEndSchema);
  if (noted !== undefined) return noted;
  const running = inFlight.find(({ phase, position }) => phase === 'running' && position > 0);
  return running && { instance: running.instance, position: running.position, at: now, kind: 'crash' };
}

const causes: Readonly<Record<HandlerEnd['kind'], string>> = {
  blocked: 'blocked the program',
  memory: 'exhausted the memory of the program',
  crash: 'was running when the program died',
};

/** `blocked the program 3 times, the last time at notify.js:3:5`. */
export function describeEnds(ends: readonly HandlerEnd[]): string {
  const last = ends.at(-1);
  if (last === undefined) return '';
  const place = last.stack?.split('\n')[0]?.trim();
  const times = ends.length === 1 ? 'once' : `${ends.length} times`;
  const where = last.position > 0 ? ` at position ${last.position} of the journal` : '';
  return `${causes[last.kind]} ${times}${where}${place === undefined ? '' : ` (${place})`}`;
}

/** The ends that count together with the last one: those at its position, and unless it is a crash those of the last hour. */
function counted(ends: readonly HandlerEnd[], last: HandlerEnd): HandlerEnd[] {
  const isNear = ({ at, position, kind }: HandlerEnd) =>
    (position === last.position && (position > 0 || kind !== 'crash')) ||
    (last.kind !== 'crash' && kind !== 'crash' && last.at - at < HOUR);
  return [...ends.filter(isNear), last];
}

/**
 * Finds out whether the last process on a data folder ended because of a handler, counts it, and pauses a handler after
 * `limit` such ends. Call it once a start, before the handlers. `kill -9` and power failures look like a crash: those count
 * only when they happen in the same delivery each time. Returns the ends by instance.
 */
export function countLastEnd(
  dataDir: string,
  limit: number,
  now: number = Date.now(),
): Readonly<Record<string, EndsOfHandler>> {
  const handlers = { ...handlerEnds(dataDir) };
  const last = readInFlight(dataDir);
  if (last === undefined || isAlive(last.pid)) return handlers;
  const end = lastEnd(dataDir, last.inFlight, now);
  for (const [instance, { ends, paused }] of Object.entries(handlers)) {
    const left = ends.filter(({ kind }) => kind !== 'crash' || instance === end?.instance);
    if (left.length > 0 || paused) handlers[instance] = { ends: left, ...(paused && { paused }) };
    else delete handlers[instance];
  }
  if (end !== undefined) {
    const { instance, ...own } = end;
    const before = handlers[instance];
    const ends = counted(before?.ends ?? [], own);
    const paused =
      before?.paused ?? (ends.length >= limit ? { at: now, reason: describeEnds(ends) } : undefined);
    handlers[instance] = { ends, ...(paused && { paused }) };
  }
  write(dataDir, handlers);
  rmSync(join(dataDir, LAST_END), { force: true });
  removeInFlight(dataDir);
  return handlers;
}

/** The file in which a watchdog notes an end. */
export function lastEndFile(dataDir: string): string {
  return join(dataDir, LAST_END);
}

/** Removes the note of a watchdog: the process ends as it should. */
export function forgetLastEnd(dataDir: string): void {
  rmSync(join(dataDir, LAST_END), { force: true });
}
