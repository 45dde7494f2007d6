import { type Incident, parseIncidentId, type SourceContext, type Value } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { z } from 'zod';
import { streamOf } from '../follow/log-file.ts';
import { freshState, readState } from '../follow/state.ts';
import type { LineFormat } from '../format.ts';

/** How many logs an import remembers, the ones that were read last. */
const rememberedLogs = 64;

/**
 * The beginning of a text whose lines were read in another text: up to the offset `upTo`, a line has the id of `stream` that
 * is `shift` bytes later.
 */
export const aliasSchema = z.object({ stream: z.string(), upTo: z.number(), shift: z.number() });
export type LogAlias = Readonly<z.infer<typeof aliasSchema>>;

const logSchema = z.object({
  /** The stream that its first line identifies. */
  base: z.string(),
  /** The id of the last line that was read: stream and ordinal. */
  stream: z.string(),
  ordinal: z.number(),
  /** The ordinal of the last incident, when the lines after it hold none. */
  last: z.number().optional(),
  /** A hash of the bytes before the end of that line. */
  check: z.string(),
  /** The marks of the last lines. */
  recent: z.array(z.string()),
  /** The times of the first and the last incident. */
  began: z.number(),
  time: z.number(),
  file: z.string().optional(),
  alias: aliasSchema.optional(),
});

/** A log that was read, by its end. It says how to recognise its lines, never which handlers have them. */
export type KnownLog = Readonly<z.infer<typeof logSchema>>;

const stateSchema = z.object({ version: z.literal(1), logs: z.array(logSchema) });

/** The id of the line that ends at an offset. */
export function idAt(stream: string, alias: LogAlias | undefined, offset: number): string {
  return alias !== undefined && offset <= alias.upTo
    ? `${alias.stream}:${offset + alias.shift}`
    : `${stream}:${offset}`;
}

/** The ordinal that a handler has when it has all incidents of a log. */
export function lastOrdinalOf({ ordinal, last = ordinal }: KnownLog): number {
  return Math.min(ordinal, last);
}

/** The ordinal of an incident when it is in a stream. */
export function ordinalIn(stream: string, incident: Pick<Incident, 'id'> | undefined): number | undefined {
  if (incident === undefined) return undefined;
  const id = parseIncidentId(incident.id);
  return id.stream === stream ? id.ordinal : undefined;
}

/** Reads the logs in the state of an import. None when it has another form. */
export function readKnownLogs(stored: Value | undefined): readonly KnownLog[] {
  const result = stateSchema.safeParse(stored);
  return result.success ? result.data.logs : [];
}

/** The state to store after a log was read: what else is in the state of the import stays. */
export function withKnownLogs(stored: Value | undefined, known: readonly KnownLog[], read: KnownLog): Value {
  const others = known.filter(({ base }) => base !== read.base);
  const logs = [read, ...others].slice(0, rememberedLogs).map(({ file, alias, last, ...log }) => ({
    ...log,
    ...(last !== undefined && { last }),
    recent: [...log.recent],
    ...(file !== undefined && { file }),
    ...(alias && { alias: { ...alias } }),
  }));
  const before = isRecord(stored) && stored['version'] === 1 ? stored : {};
  // Safe: everything in a stored state is a value.
  return { ...(before as Record<string, Value>), version: 1, logs };
}

/** The log that a live source reads, from its state. */
function followedLog(stored: Value, sensor: string, { name }: LineFormat): readonly KnownLog[] {
  const part = readState(stored)?.part;
  if (part?.recent === undefined || part.time === undefined) return [];
  const { base, generation, offset, check, recent, began, time, file, alias, last } = part;
  const id = idAt(streamOf(name, base, generation, sensor), alias, offset);
  const colon = id.lastIndexOf(':');
  const place = { stream: id.slice(0, colon), ordinal: Number(id.slice(colon + 1)) };
  return [
    {
      base,
      ...place,
      check,
      recent,
      began,
      time,
      ...(file !== undefined && { file }),
      ...(alias && { alias }),
      ...(last !== undefined && { last }),
    },
  ];
}

/**
 * Whether a text began while a live source read a part that it has left since: it knows such a part by its first line only, so
 * it cannot say whether a text has the part's other lines.
 */
export async function mayBeOfLeftPart(
  context: Pick<SourceContext, 'otherStates'>,
  began: number,
): Promise<boolean> {
  const states = (await context.otherStates?.()) ?? [];
  return states.some((stored) => {
    const { part, seen, since } = readState(stored) ?? freshState;
    const starts = seen.map(([, , start]) => start);
    const first = since > 0 ? Number.NEGATIVE_INFINITY : Math.min(Number.POSITIVE_INFINITY, ...starts);
    return part !== undefined && began >= first && began < part.began;
  });
}

/** The logs that other sources have read: live ones for an import, imports for a live one. */
export async function logsOfOthers(
  context: Pick<SourceContext, 'otherStates'>,
  sensor: string,
  format: LineFormat,
): Promise<readonly KnownLog[]> {
  const states = (await context.otherStates?.()) ?? [];
  return states.flatMap((stored) => [...readKnownLogs(stored), ...followedLog(stored, sensor, format)]);
}
