import type { SourceContext } from '@ihandler/core';
import { findLastLine, marksIn, remembered, sizeOfLines } from '../follow/last-lines.ts';
import { type KnownLog, type LogAlias, lastOrdinalOf } from './state.ts';

/** How much of the beginning of a text is kept to compare all its lines with the last ones of a log, in bytes. */
const comparedBytes = 64 * 1024;

/** A text whose stream is unknown. */
export interface UnknownText {
  readonly base: string;
  /** The time of its first incident. */
  readonly began: number;
  chunks(): AsyncIterable<Buffer>;
}

async function beginningOf(chunks: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Whether the text up to an offset is the end of a log: the same last bytes, or no other lines than its last ones. */
async function isTail(text: UnknownText, log: KnownLog, offset: number, check: string): Promise<boolean> {
  if (check === log.check) return true;
  if (offset > comparedBytes) return false;
  const marks = marksIn(await beginningOf(text.chunks(), offset), true);
  return (
    marks.length > 0 &&
    (marks.length < remembered || sizeOfLines(marks) >= offset) &&
    marks.every((mark, at) => mark === log.recent.at(at - marks.length))
  );
}

/** The result of a search for the beginning of a text. */
export interface FoundAlias {
  readonly alias: LogAlias | undefined;
  /** A log of which the text has lines, when there is no alias: it cannot be told which lines each handler has. */
  readonly undecided?: KnownLog | undefined;
}

/**
 * Finds the beginning of a text in the logs that were read before: the head of the log was removed, and its last lines are
 * there. Their ids are those of that log, if all handlers that keep a checkpoint have it: a checkpoint means that everything
 * up to it is stored.
 */
export async function findAlias(
  text: UnknownText,
  known: readonly KnownLog[],
  { handlersHave }: Pick<SourceContext, 'handlersHave'>,
): Promise<FoundAlias> {
  const same = known.find(({ base }) => base === text.base);
  if (same !== undefined) return { alias: same.alias };
  let undecided: KnownLog | undefined;
  for (const log of known.filter(({ began, time }) => began <= text.began && time >= text.began)) {
    const found = await findLastLine(text.chunks(), log.recent, log.check);
    if (found === undefined) continue;
    const { missing, offset, check } = found;
    const shift = log.ordinal - offset;
    const isKnown = missing === 0 && shift >= 0 && (await isTail(text, log, offset, check));
    if (isKnown && (await handlersHave?.(log.stream, lastOrdinalOf(log))) === true)
      return { alias: { stream: log.stream, upTo: offset, shift } };
    undecided ??= log;
  }
  return { alias: undefined, undecided };
}

/** Warns that lines may be stored twice. */
export function warnOfKnownLines(
  { log }: Pick<SourceContext, 'log'>,
  file: string,
  { file: other }: KnownLog,
): void {
  log.warn(
    'some lines of the file were read before from another file, and it cannot be told which each handler has: reading all; some may be stored twice',
    { file, ...(other !== undefined && { other }) },
  );
}
