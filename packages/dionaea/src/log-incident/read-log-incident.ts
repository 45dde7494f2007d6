import { escapeControls, type Incident, type SourceContext } from '@ihandler/core';
import { parseReject } from '@ihandler/core/kit';
import { explainFormat, explainKnownFormat } from '../explain-format.ts';
import { openKnownLogs } from '../known-logs/import-log.ts';
import { importRootOf, relativePathWarning } from '../map-path.ts';
import type { Settings } from '../options.ts';
import { createProgressReporter } from '../progress.ts';
import { beginsAsRejectsFile, recognises } from '../recognise.ts';
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
import { retryReject } from './retry-reject.ts';

/** The text that is read, and how. */
interface Reading {
  readonly text: Text;
  readonly settings: Settings;
  readonly context: SourceContext;
  readonly readLine: ReadLine;
  /** Whether the text begins as a rejects file. A line inside another file must not make the program open a file. */
  readonly isRejectsFile: boolean;
}

/** The bytes after the last line that was read before. */
async function resumeAfterLine(
  { text, settings, readLine, isRejectsFile }: Reading,
  offset: number | undefined,
): Promise<AsyncGenerator<Buffer>> {
  if (offset === undefined) return text.chunks();
  const { chunks, lastLine } = await resumeAt(text, offset, longestRead(settings.maxLine));
  if (lastLine === undefined) return chunks;
  const begins = skipDamage(lastLine, 0, lastLine.length);
  const line = lastLine.toString('utf8', begins);
  const incident = readLine(line, offset);
  const isKnown =
    typeof incident !== 'string' ||
    (isRejectsFile && parseReject(line) !== undefined) ||
    readTail(lastLine, begins, lastLine.length, offset, readLine) !== undefined;
  if (!isKnown)
    throw changedText(text.file, offset, `that line is not an incident (${escapeControls(incident)})`);
  return chunks;
}

/** Reports lines. Rejects first: once incidents are reported, the lines before them are not read again. */
async function reportLines(
  { results, rejects }: CollectedLines,
  { context, settings, readLine }: Reading,
): Promise<void> {
  for (const reject of rejects) await context.reject(reject);
  const retry = async ({ reject, ordinal }: LocatedReject) => {
    const result = await retryReject(reject, longestRead(settings.maxLine), (line) =>
      readLine(line, ordinal),
    );
    if (typeof result !== 'string') return result;
    await context.reject({ ...reject, reason: result });
    return undefined;
  };
  for (let at = 0; at < results.length; at += batchSize) {
    const batch: Incident[] = [];
    for (const result of results.slice(at, at + batchSize)) {
      const incident = 'reject' in result ? await retry(result) : result;
      if (incident !== undefined) batch.push(incident);
    }
    if (batch.length > 0) await context.report(batch);
  }
}

/**
 * Reads incidents from a text in the form of log_incident, or from a rejects file, until its end or until the signal
 * aborts. Reports the incidents before an unreadable position, then throws.
 */
export async function readLogIncident(text: Text, settings: Settings, context: SourceContext): Promise<void> {
  const head = await text.head();
  const foreign = recognises(head, text.file) ? undefined : explainKnownFormat(head, text.file);
  if (foreign !== undefined) throw unreadable(text.file, foreign.found, foreign.fix);
  const first = firstLine(head);
  if (first.length === 0) return;
  const sensor = settings.sensor ?? context.sensor;
  const stream = streamName('log_incident', sensor, first);
  const { maxLine, maxDepth, paths, local } = settings;
  const root = importRootOf(settings);
  const onRelative = relativePathWarning(context, local);
  const isRejectsFile = beginsAsRejectsFile(first);
  const logs = isRejectsFile ? undefined : await openKnownLogs(text, head, stream, settings, context);
  const begin = (await logs?.begin()) ?? { offset: await context.resumeAfter(stream) };
  if (begin === 'extract') return;
  const readLine = createLineReader({
    alias: begin.alias,
    sensor,
    stream,
    maxDepth,
    maxLine,
    paths,
    root,
    onRelative,
    ...(local && { local }),
  });
  const reading = { text, settings, context, readLine, isRejectsFile };

  const offset = begin.offset;
  const chunks = await resumeAfterLine(reading, offset);
  const collector = createLineCollector({
    file: text.file,
    maxLine,
    isRejectsFile,
    readLine,
    log: context.log,
  });
  const lines = createLineSplitter(
    offset ?? 0,
    Math.max(longestRead(maxLine), maxRejectText),
    collector.addLine,
    collector.addNulls,
  );
  const reportProgress = createProgressReporter(context);
  let failure: unknown;
  try {
    for await (const chunk of chunks) {
      lines.push(chunk);
      logs?.push(chunk);
      if (!text.live && !collector.isFull()) continue;
      await reportLines(collector.collect(text.live ? undefined : 'fullBatches'), reading);
      if (context.signal.aborted) return;
      reportProgress(text.progress());
    }
  } catch (error) {
    failure = error;
  }
  if (context.signal.aborted) return;
  if (failure === undefined) lines.end();
  await reportLines(collector.collect(), reading);
  if (failure === undefined) await logs?.remember();
  reportProgress(text.progress(), 'last');
  const problem =
    offset === undefined && !isRejectsFile && !collector.hasIncidents() && explainFormat(head, text.file);
  if (problem) context.log.error('the file holds no incident', { file: text.file, ...problem });
  if (failure !== undefined) throw failure;
}
