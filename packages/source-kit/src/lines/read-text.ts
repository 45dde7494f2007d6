import { escapeControls, type Incident, type SourceContext } from '@ihandler/core';
import { parseReject } from '@ihandler/core/kit';
import { beginsAsRejectsFile, explainKnownFormat, explainLines, recogniseLines } from '../explain-format.ts';
import { openKnownLogs } from '../known-logs/import-log.ts';
import type { LinesSettings } from '../options.ts';
import { createProgressReporter } from '../progress.ts';
import { createSessions, evictedMessage } from '../sessions.ts';
import { streamName } from '../stream-name.ts';
import { firstLine, skipDamage } from '../text/first-line.ts';
import type { Text } from '../text/open-text.ts';
import { changedText, resumeAt } from '../text/resume-point.ts';
import { createLineSplitter } from '../text/split-lines.ts';
import { unreadable } from '../unreadable.ts';
import {
  batchSize,
  type CollectedLines,
  createLineCollector,
  type LocatedReject,
  maxRejectText,
} from './collect-lines.ts';
import { longestRead } from './cut-values.ts';
import { createLineReader, type ReadLine } from './read-line.ts';
import { readTail } from './read-tail.ts';
import { createResumeCheck, type ResumeCheck } from './resume-check.ts';
import { retryReject } from './retry-reject.ts';

/** The text that is read, and how. */
interface Reading {
  readonly text: Text;
  readonly settings: LinesSettings;
  readonly context: SourceContext;
  readonly readLine: ReadLine;
  /** Whether the text begins as a rejects file. A line inside another file must not make the program open a file. */
  readonly isRejectsFile: boolean;
}

/** Where reading begins. */
interface Begin {
  /** The bytes from `start` on. */
  readonly chunks: AsyncGenerator<Buffer>;
  readonly start: number;
  /** Bytes before `start`, from the beginning of a line on. */
  readonly before?: Buffer;
  /** What was read before, when some of it is read again. */
  readonly after?: ResumeCheck;
}

/** Begins after the last line that was read before, or before it when its incidents or the sessions need that. */
async function beginAfter(
  { text, settings, readLine, isRejectsFile }: Reading,
  offset: number | undefined,
  isSame: boolean,
): Promise<Begin> {
  if (offset === undefined) return { chunks: text.chunks(), start: 0 };
  const { format, maxLine } = settings;
  if (format.sessions !== undefined && !isRejectsFile)
    return { chunks: text.chunks(), start: 0, after: createResumeCheck(text.file, offset, isSame) };
  const { chunks, start, before, lastLine } = await resumeAt(text, offset, longestRead(maxLine));
  if (start < offset) return { chunks, start, before, after: createResumeCheck(text.file, offset, false) };
  if (lastLine === undefined) return { chunks, start, before };
  const begins = skipDamage(lastLine, 0, lastLine.length);
  const line = lastLine.toString('utf8', begins);
  const incidents = readLine(line, offset);
  const isKnown =
    typeof incidents !== 'string' ||
    (isRejectsFile && parseReject(line) !== undefined) ||
    readTail(lastLine, begins, lastLine.length, offset, readLine, format.beginning) !== undefined;
  if (!isKnown)
    throw changedText(text.file, offset, `that line is not an incident (${escapeControls(incidents)})`);
  return { chunks, start, before };
}

/** Reports lines; returns the last incident. Rejects first: once incidents are reported, the lines before them are not read again. */
async function reportLines(
  { results, rejects }: CollectedLines,
  { context, settings, readLine }: Reading,
): Promise<Incident | undefined> {
  for (const reject of rejects) await context.reject(reject);
  const retry = async ({ reject, ordinal }: LocatedReject) => {
    const result = await retryReject(reject, longestRead(settings.maxLine), (line) =>
      readLine(line, ordinal),
    );
    if (typeof result !== 'string') return result;
    await context.reject({ ...reject, reason: result });
    return [];
  };
  let last: Incident | undefined;
  for (let at = 0; at < results.length; at += batchSize) {
    const batch: Incident[] = [];
    for (const result of results.slice(at, at + batchSize)) {
      if (!('reject' in result)) batch.push(result);
      else for (const incident of await retry(result)) batch.push(incident);
    }
    last = batch.at(-1) ?? last;
    if (batch.length > 0) await context.report(batch);
  }
  return last;
}

/**
 * Reads the lines of a text, or of a rejects file, until its end or until the signal aborts. Reports the incidents before an
 * unreadable position, then throws. The caller closes the text.
 */
export async function readText(text: Text, settings: LinesSettings, context: SourceContext): Promise<void> {
  const { format, maxLine, local } = settings;
  const head = await text.head();
  const foreign = recogniseLines(format, head) ? undefined : explainKnownFormat(format, head, text.file);
  if (foreign !== undefined) throw unreadable(text.file, foreign.found, foreign.fix);
  const first = firstLine(head);
  if (first.length === 0) return;
  const { log } = context;
  const sensor = settings.sensor ?? context.sensor;
  const stream = streamName(format.name, sensor, first);
  const isRejectsFile = beginsAsRejectsFile(first);
  const logs = isRejectsFile ? undefined : await openKnownLogs(text, head, stream, settings, context);
  const begin = (await logs?.begin()) ?? { offset: await context.resumeAfter(stream) };
  if (begin === 'extract') return;
  const { offset, alias } = begin;
  const sessions = format.sessions && createSessions(format.sessions);
  const readLine = createLineReader({ format, alias, sensor, stream, maxLine, local, sessions, log });
  const reading = { text, settings, context, readLine, isRejectsFile };

  const { chunks, start, before, after } = await beginAfter(reading, offset, alias !== undefined);
  logs?.startAt(start, before);
  const collector = createLineCollector({
    file: text.file,
    maxLine,
    isRejectsFile,
    readLine,
    beginning: format.beginning,
    after,
    log,
  });
  let end = start;
  const lines = createLineSplitter(
    start,
    Math.max(longestRead(maxLine), maxRejectText),
    collector.addLine,
    collector.addNulls,
  );
  const reportProgress = createProgressReporter(context);
  let failure: unknown;
  let last: Incident | undefined;
  try {
    for await (const chunk of chunks) {
      lines.push(chunk);
      logs?.push(chunk);
      end += chunk.length;
      if (!text.live && !collector.isFull()) continue;
      last = (await reportLines(collector.collect(text.live ? undefined : 'fullBatches'), reading)) ?? last;
      if (context.signal.aborted) return;
      reportProgress(text.progress());
    }
  } catch (error) {
    failure = error;
  }
  if (context.signal.aborted) return;
  if (failure === undefined) lines.end();
  last = (await reportLines(collector.collect(), reading)) ?? last;
  if (failure === undefined) {
    after?.finish(end);
    await logs?.remember(last);
  }
  reportProgress(text.progress(), 'last');
  const skipped = collector.skipped();
  if (skipped > 0) log.info('skipped lines that hold no incident', { file: text.file, lines: skipped });
  const evicted = sessions?.evicted ?? 0;
  if (evicted > 0) log.warn(evictedMessage, { file: text.file, sessions: evicted });
  const problem =
    offset === undefined &&
    !isRejectsFile &&
    !collector.hasValidLines() &&
    explainLines(format, head, text.file);
  if (problem) log.error('the file holds no incident', { file: text.file, ...problem });
  if (failure !== undefined) throw failure;
}
