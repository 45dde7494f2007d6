import { describeError, type SourceContext } from '@ihandler/core';
import { errorCode, type ThrottledLog } from '@ihandler/core/kit';
import { findAlias, warnOfKnownLines } from '../../known-logs/find-alias.ts';
import { idAt, logsOfOthers } from '../../known-logs/state.ts';
import type { FollowSettings } from '../../options.ts';
import { type FoundLine, findLastLine, marksIn } from '../last-lines.ts';
import {
  headSize,
  type LogFile,
  type LogKind,
  openLogFile,
  type PartFile,
  readAt,
  streamOf,
} from '../log-file.ts';
import {
  checkAt,
  checkOf,
  offsetAfter,
  offsetAtEnd,
  openBytes,
  type PartBytes,
  textChunks,
} from '../part-bytes.ts';
import { type FollowState, freshState, generationOf, type Part, remember } from '../state.ts';
import type { Survey } from './survey.ts';

/** A part, and the open file with its bytes. */
export interface LocatedPart {
  readonly file: LogFile;
  readonly bytes: PartBytes;
  /** The state with this part. */
  readonly state: FollowState;
}

/** Where to start in a part. */
interface StartPosition {
  readonly generation: number;
  readonly offset: number;
  readonly check: string;
}

const fromStart = { offset: 0, check: checkOf(Buffer.alloc(0)) };

/** Opens a file of a survey; undefined when it has been renamed or replaced since. */
export async function openSurveyed(
  file: PartFile | LogFile,
  kind: LogKind,
  now: number,
): Promise<LogFile | undefined> {
  if ('handle' in file) return file;
  const opened = await openLogFile(file.path, kind, now).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (opened === undefined || opened.id === file.id) return opened;
  await opened.handle.close();
  return undefined;
}

/** Closes a file of {@link openSurveyed}, unless the survey opened it. */
export async function closeSurveyed(opened: LogFile | undefined, file: PartFile | LogFile): Promise<void> {
  if (opened !== undefined && opened !== file) await opened.handle.close();
}

/**
 * Orders the files that may hold a part: first the followed one, of which the others may be copies not truncated yet, then
 * the very file that was read, then plain files before compressed ones, longer files before shorter ones. The followed file
 * is first, because a copy may have got the inode of the file that was read, when that one was replaced.
 */
function byPreference(part: Part, followed: LogFile | undefined): (a: PartFile, b: PartFile) => number {
  const rank = (file: PartFile) =>
    file === followed ? 0 : file.id === part.id ? 1 : file.compressed ? 3 : 2;
  return (a, b) => rank(a) - rank(b) || b.size - a.size;
}

/** What finding a part needs. */
export interface Finding extends LogKind {
  readonly context: SourceContext;
  readonly warnings: ThrottledLog;
}

/**
 * Finds the file that continues the part of the state: it has the same first line, and the last line that was read ends at
 * the same offset. Whether the file was renamed, copied or compressed does not matter.
 */
export async function findContinuation(
  survey: Pick<Survey, 'followed' | 'others'>,
  state: FollowState,
  finding: Finding,
): Promise<LocatedPart | undefined> {
  const { context, warnings } = finding;
  const { part } = state;
  if (part === undefined) return undefined;
  const all: (PartFile | LogFile)[] = [...(survey.followed ? [survey.followed] : []), ...survey.others];
  const similar = all.filter(({ base, id }) => base === part.base && (!part.done || id === part.id));
  for (const candidate of similar.sort(byPreference(part, survey.followed))) {
    let file: LogFile | undefined;
    try {
      file = await openSurveyed(candidate, finding, context.now());
      const bytes = file && (await openBytes(file, part.offset, part.check));
      if (file !== undefined && bytes !== undefined) {
        const known = { ...part, recent: part.recent ?? [...(await marksBefore(file, part.offset))] };
        return {
          file,
          bytes,
          state: { ...state, part: { ...known, id: file.id, done: false, file: file.path } },
        };
      }
    } catch (error) {
      warnings.log('cannot read a rotated part; retrying', {
        file: candidate.path,
        error: describeError(error),
      });
    }
    await closeSurveyed(file, candidate);
  }
  return undefined;
}

/** The marks of the lines before an offset, as far as they can be had without reading all of the file. */
async function marksBefore(file: LogFile, offset: number): Promise<readonly string[]> {
  if (file.compressed || offset === 0) return [];
  const from = Math.max(0, offset - headSize);
  return marksIn(await readAt(file.handle, from, offset - from), from === 0);
}

/** Where the last lines that were read are in a file; undefined when none of them is there. */
export async function findInFile(file: LogFile, { part }: FollowState): Promise<FoundLine | undefined> {
  if (part?.recent === undefined || part.recent.length === 0) return undefined;
  return findLastLine(textChunks(file), part.recent, part.check);
}

/** Where to start in a part that this source has not read. The journal may have its incidents from an import. */
async function startPosition(
  file: LogFile,
  base: string,
  { format, sensor, context }: Finding,
): Promise<StartPosition> {
  for (let generation = 0; ; generation += 1) {
    const ordinal = await context.resumeAfter(streamOf(format.name, base, generation, sensor));
    // A compressed file is simply read from its start, since incidents with known ids are not stored again.
    if (ordinal === undefined || file.compressed) return { generation, ...fromStart };
    const offset = await offsetAfter(file, ordinal, format);
    if (offset === undefined) continue;
    // Only the lines before say what is known about sessions.
    if (format.sessions !== undefined) return { generation, ...fromStart };
    return { generation, offset, check: await checkAt(file, offset) };
  }
}

async function locateAt(
  file: LogFile,
  state: FollowState,
  position: StartPosition,
  known: Pick<Part, 'recent' | 'time' | 'alias'> = {},
): Promise<LocatedPart | undefined> {
  const { id, began, base = '' } = file;
  const bytes = await openBytes(file, position.offset, position.check);
  const part = { base, id, began, done: false, ...position, ...known, file: file.path };
  return bytes && { file, bytes, state: { ...state, part } };
}

/** What the beginning of a part is, when `found` found the last line of the part before it: the end of that part. */
function aliasAfter(
  part: Part | undefined,
  found: FoundLine | undefined,
  { format, sensor }: LogKind,
): Pick<Part, 'alias'> {
  if (part === undefined || found === undefined || found.missing > 0 || found.check !== part.check) return {};
  const id = idAt(streamOf(format.name, part.base, part.generation, sensor), part.alias, part.offset);
  const colon = id.lastIndexOf(':');
  const shift = Number(id.slice(colon + 1)) - found.offset;
  return shift < 0 ? {} : { alias: { stream: id.slice(0, colon), upTo: found.offset, shift } };
}

/** Finds the beginning of a first part in the logs that were imported before. */
async function importedAlias(file: LogFile, base: string, { format, sensor, context }: Finding) {
  const known = await logsOfOthers(context, sensor, format);
  const text = { base, began: file.began, chunks: () => textChunks(file) };
  const { alias, undecided } = await findAlias(text, known, context);
  if (undecided !== undefined) warnOfKnownLines(context, file.path, undecided);
  return alias && { alias };
}

/**
 * Begins a part that is new, after the line where `found` found the last one that was read; undefined when the file has
 * changed since.
 */
export async function beginPart(
  file: LogFile,
  state: FollowState,
  found: FoundLine | undefined,
  finding: Finding,
): Promise<LocatedPart | undefined> {
  const { part } = state;
  const withEarlierPart =
    part === undefined ? state : remember(state, part.base, part.generation, part.began);
  const { base = '' } = file;
  const generation = generationOf(state, base);
  const position =
    generation === undefined
      ? await startPosition(file, base, finding)
      : { generation: generation + 1, ...fromStart };
  const start =
    found !== undefined && found.offset > position.offset
      ? { ...position, offset: found.offset, check: found.check }
      : position;
  const known = {
    ...(part?.recent !== undefined && { recent: part.recent }),
    ...(part?.time !== undefined && { time: part.time }),
    ...(found === undefined && generation === undefined && start.offset === 0
      ? await importedAlias(file, base, finding)
      : aliasAfter(part, found, finding)),
  };
  return locateAt(file, withEarlierPart, start, known);
}

/**
 * Begins on the first run. Files beside the followed one are older and are not read. Returns the state to save, with the
 * first part if there is one.
 */
export async function beginFirst(
  { followed, others, problem }: Survey,
  { start }: FollowSettings,
  finding: Finding,
): Promise<LocatedPart | { readonly state: FollowState }> {
  const file = followed?.base !== undefined && followed.settled ? followed : undefined;
  let state = freshState;
  for (const { base, began } of others)
    if (base !== undefined && base !== file?.base) state = remember(state, base, 0, began);
  // A file that cannot be read cannot be remembered: its time shows that it is older.
  if (problem !== undefined) state = { ...state, since: file?.began ?? finding.context.now() };
  if (file?.base === undefined) return { state };
  let position = await startPosition(file, file.base, finding);
  if (start === 'end' && position.offset === 0 && !file.compressed) {
    const offset = await offsetAtEnd(file);
    position = { ...position, offset, check: await checkAt(file, offset) };
  }
  const recent = [...(await marksBefore(file, position.offset))];
  const alias = position.offset === 0 ? await importedAlias(file, file.base, finding) : undefined;
  const known = { ...(recent.length > 0 && { recent }), ...alias };
  return (await locateAt(file, state, position, known)) ?? { state };
}
