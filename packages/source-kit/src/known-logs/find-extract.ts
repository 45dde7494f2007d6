import type { SourceContext } from '@ihandler/core';
import { markLine } from '../follow/last-lines.ts';
import { openText } from '../text/open-text.ts';
import { createLineSplitter } from '../text/split-lines.ts';
import type { UnknownText } from './find-alias.ts';
import { type KnownLog, lastOrdinalOf } from './state.ts';

/** The largest text that is compared line by line, in bytes. */
export const largestExtract = 64 * 1024 * 1024;

async function* linesOf(chunks: AsyncIterable<Buffer>, longest: number) {
  let ready: { mark: string; end: number }[] = [];
  const lines = createLineSplitter(0, longest, (bytes, from, to, _start, end) => {
    ready.push({ mark: bytes === undefined ? '' : markLine(bytes.subarray(from, to)), end });
  });
  for await (const chunk of chunks) {
    lines.push(chunk);
    yield* ready;
    ready = [];
  }
  lines.end();
  yield* ready;
}

/** The end of the last line of an extract in the log that it was made of; undefined when it holds other lines, too. */
async function endInLog(
  text: UnknownText,
  log: KnownLog,
  file: string,
  longest: number,
): Promise<number | undefined> {
  const wanted: string[] = [];
  for await (const { mark } of linesOf(text.chunks(), longest)) wanted.push(mark);
  const opened = await openText(file);
  try {
    let next = 0;
    for await (const { mark, end } of linesOf(opened.chunks(), longest)) {
      if (mark === wanted[next]) next += 1;
      if (next === wanted.length) return end;
      if (end >= log.ordinal) return undefined;
    }
    return undefined;
  } finally {
    await opened.close();
  }
}

/**
 * Whether all lines of a text are in a log that every handler has, in that order: an extract. The file of the log must still
 * be there.
 */
export async function isExtract(
  text: UnknownText,
  known: readonly KnownLog[],
  longest: number,
  { resumeAfter, log: report }: Pick<SourceContext, 'resumeAfter' | 'log'>,
  extract: string,
): Promise<boolean> {
  const candidates = known.filter(
    ({ base, began, time, file }) =>
      base !== text.base &&
      began <= text.began &&
      time >= text.began &&
      file !== undefined &&
      file !== extract,
  );
  for (const log of candidates) {
    const { file = '' } = log;
    const end = await endInLog(text, log, file, longest).catch(() => undefined);
    const stored = end === undefined ? undefined : await resumeAfter(log.stream);
    if (end === undefined || stored === undefined || stored < Math.min(end, lastOrdinalOf(log))) continue;
    report.info('the file holds only lines that were read before', { file: extract, from: file });
    return true;
  }
  return false;
}
