import type { Incident, SourceContext } from '@ihandler/core';
import { RecentLines } from '../follow/last-lines.ts';
import { timeOf } from '../follow/log-file.ts';
import { checkOf, windowSize } from '../follow/part-bytes.ts';
import type { LineFormat } from '../format.ts';
import type { LinesSettings } from '../options.ts';
import { openText, type Text } from '../text/open-text.ts';
import { findAlias, type UnknownText, warnOfKnownLines } from './find-alias.ts';
import { isExtract, largestExtract } from './find-extract.ts';
import {
  idAt,
  type KnownLog,
  type LogAlias,
  lastOrdinalOf,
  logsOfOthers,
  mayBeOfLeftPart,
  ordinalIn,
  readKnownLogs,
  withKnownLogs,
} from './state.ts';

const newline = 0x0a;

/** Where an import begins. */
export interface ImportBegin {
  /** The offset of the last line that every handler has; undefined for the beginning. */
  readonly offset: number | undefined;
  readonly alias?: LogAlias | undefined;
}

/** What earlier imports and live sources know about a log that is imported. */
export interface ImportedLog {
  /** Finds where to begin; `extract`: every handler has all its lines from another file. */
  begin(): Promise<ImportBegin | 'extract'>;
  /** Says at which offset the bytes begin that are read, and gives bytes before it, from the beginning of a line on. */
  startAt(offset: number, before?: Buffer): void;
  /** Adds the bytes that are read. */
  push(chunk: Buffer): void;
  /** Remembers the log, after it was read to its end, with the last incident that was new. */
  remember(last: Incident | undefined): Promise<void>;
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  const text = await openText(file);
  try {
    yield* text.chunks();
  } finally {
    await text.close();
  }
}

/** Opens what is known about a log; undefined for standard input and for a text without a time, which are not recognised. */
export async function openKnownLogs(
  text: Text,
  head: Buffer,
  stream: string,
  settings: LinesSettings,
  context: SourceContext,
): Promise<ImportedLog | undefined> {
  const { format, file, maxLine } = settings;
  const began = timeOf(format, head);
  if (text.live || began === undefined) return undefined;
  const sensor = settings.sensor ?? context.sensor;
  const stored = await context.state();
  const own = readKnownLogs(stored);
  const known = [...own, ...(await logsOfOthers(context, sensor, format))];
  const unknown: UnknownText = { base: stream, began, chunks: () => chunksOf(file) };
  const before = known.find(({ base }) => base === stream);
  let alias: LogAlias | undefined;
  let end = 0;
  let window: Buffer = Buffer.alloc(0);
  let position = { offset: 0, check: '' };
  let recent = new RecentLines();

  return {
    async begin() {
      const offset = await context.resumeAfter(stream);
      if (offset !== undefined) {
        alias = before?.alias;
        return { offset, alias };
      }
      const found = await findAlias(unknown, known, context);
      alias = found.alias;
      const size = text.progress().total ?? Number.POSITIVE_INFINITY;
      if (alias === undefined && before === undefined && size <= largestExtract) {
        if (await isExtract(unknown, known, maxLine, context, file)) return 'extract';
      }
      if (found.undecided !== undefined) warnOfKnownLines(context, file, found.undecided);
      else if (alias === undefined && before === undefined && (await mayBeOfLeftPart(context, began)))
        context.log.warn(
          'the file began while a part of a followed file was read that was rotated since, and it cannot be decided whether its lines are in that part: reading all; some may be stored twice',
          { file },
        );
      const stored = alias && (await context.resumeAfter(alias.stream));
      if (alias === undefined || stored === undefined || stored < alias.upTo + alias.shift || !text.seekable)
        return { offset: undefined, alias };
      return { offset: alias.upTo, alias };
    },
    startAt(offset, bytes = Buffer.alloc(0)) {
      end = offset;
      recent = new RecentLines();
      recent.push(bytes);
      window = bytes.subarray(-windowSize);
    },
    push(chunk) {
      recent.push(chunk);
      const last = chunk.lastIndexOf(newline);
      if (last !== -1) {
        const complete = chunk.subarray(0, last + 1);
        position = {
          offset: end + complete.length,
          check: checkOf(Buffer.concat([window, complete.subarray(-windowSize)])),
        };
      }
      end += chunk.length;
      window = Buffer.concat([window, chunk.subarray(-windowSize)]).subarray(-windowSize);
    },
    async remember(last) {
      if (position.offset === 0) return;
      const id = idAt(stream, alias, position.offset);
      const colon = id.lastIndexOf(':');
      const lines = recent.marks();
      const place = id.slice(0, colon);
      const ordinal = Number(id.slice(colon + 1));
      const known = before?.stream === place ? lastOrdinalOf(before) : undefined;
      const lastOrdinal = ordinalIn(place, last) ?? known ?? ordinal;
      const log: KnownLog = {
        base: stream,
        stream: place,
        ordinal,
        ...(lastOrdinal < ordinal && { last: lastOrdinal }),
        check: position.check,
        recent: [...lines],
        began,
        time: lastTime(format, window) ?? began,
        file,
        ...(alias && { alias }),
      };
      await context.report([], { state: withKnownLogs(stored, own, log) });
    },
  };
}

/** The time of the last incident in some bytes. */
function lastTime(format: LineFormat, bytes: Buffer): number | undefined {
  for (const line of bytes.toString('utf8').trimEnd().split('\n').reverse()) {
    const time = timeOf(format, Buffer.from(`${line}\n`));
    if (time !== undefined) return time;
  }
  return undefined;
}
