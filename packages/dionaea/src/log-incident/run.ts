import { escapeControls, type Incident, type SourceContext } from '@ihandler/core';
import { parseReject } from '@ihandler/core/kit';
import type { Settings } from '../options.ts';
import { createProgress } from '../progress.ts';
import { isRejectsFile } from '../recognise.ts';
import { streamName } from '../stream-name.ts';
import { firstLine } from '../text/first-line.ts';
import type { Text } from '../text/open-text.ts';
import { changed, resumeAt } from '../text/resume-point.ts';
import { createLineSplitter } from '../text/split-lines.ts';
import { readAgain } from './read-again.ts';
import { createLineReader, type ReadLine } from './read-line.ts';
import { batchSize, createLineTaker, keptText, type Located, type Taken } from './take-lines.ts';

/** What {@link readLogIncident} works with. */
interface Reading {
  readonly text: Text;
  readonly settings: Settings;
  readonly context: SourceContext;
  readonly readLine: ReadLine;
  /** Whether the text is a rejects file. Only one that begins as such is: an incident must not make us open a file. */
  readonly ofRejects: boolean;
}

async function startAt(
  { text, settings, readLine, ofRejects }: Reading,
  after: number | undefined,
): Promise<AsyncGenerator<Buffer>> {
  if (after === undefined) return text.chunks();
  const { chunks, lastLine } = await resumeAt(text, after, settings.maxLine);
  if (lastLine === undefined) return chunks;
  const line = lastLine.toString('utf8').replace(/^\ufeff/, '');
  const taken = readLine(line, after);
  if (typeof taken === 'string' && !(ofRejects && parseReject(line)))
    throw changed(text.file, after, `that line is no incident (${escapeControls(taken)})`);
  return chunks;
}

/** Hands over what was found. Rejects first: once incidents are reported, what is before them is not read again. */
async function handOver({ found, rejects }: Taken, { context, settings, readLine }: Reading): Promise<void> {
  for (const reject of rejects) await context.reject(reject);
  const locate = async ({ reject, ordinal }: Located) => {
    const again = await readAgain(reject, settings.maxLine, (line) => readLine(line, ordinal));
    if (typeof again !== 'string') return again;
    await context.reject({ ...reject, reason: again });
    return undefined;
  };
  for (let at = 0; at < found.length; at += batchSize) {
    const batch: Incident[] = [];
    for (const entry of found.slice(at, at + batchSize)) {
      const incident = 'reject' in entry ? await locate(entry) : entry;
      if (incident !== undefined) batch.push(incident);
    }
    if (batch.length > 0) await context.report(batch);
  }
}

/**
 * Reads incidents from a text in log_incident form, or from a rejects file, until its end or until the signal aborts.
 * What came before an unreadable place is handed over before that is thrown.
 */
export async function readLogIncident(text: Text, settings: Settings, context: SourceContext): Promise<void> {
  const first = firstLine(await text.head());
  if (first.length === 0) return;
  const sensor = settings.sensor ?? context.sensor;
  const stream = streamName('log_incident', sensor, first);
  const { maxLine, maxDepth, paths } = settings;
  const readLine = createLineReader({ sensor, stream, maxDepth, paths });
  const ofRejects = isRejectsFile(first);
  const reading = { text, settings, context, readLine, ofRejects };

  const after = await context.resumeAfter(stream);
  const chunks = await startAt(reading, after);
  const taker = createLineTaker({ file: text.file, maxLine, ofRejects, readLine, log: context.log });
  const lines = createLineSplitter(after ?? 0, Math.max(maxLine, keptText), taker.take, taker.skipNulls);
  const tell = createProgress(context);
  let failure: unknown;
  try {
    for await (const chunk of chunks) {
      lines.push(chunk);
      if (!text.live && !taker.isFull()) continue;
      await handOver(taker.collect(text.live ? undefined : 'whole'), reading);
      if (context.signal.aborted) return;
      tell(text.progress());
    }
  } catch (error) {
    failure = error;
  }
  if (context.signal.aborted) return;
  if (failure === undefined) lines.end();
  await handOver(taker.collect(), reading);
  tell(text.progress(), 'last');
  if (failure !== undefined) throw failure;
}
