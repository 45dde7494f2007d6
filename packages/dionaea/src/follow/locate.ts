import { describeError, type SourceContext } from '@ihandler/core';
import type { ThrottledLog } from '@ihandler/core/kit';
import { type LogFile, streamOf } from './log-file.ts';
import type { FollowSettings } from './options.ts';
import { checkAt, checkOf, offsetAfter, offsetAtEnd, openBytes, type PartBytes } from './part-bytes.ts';
import { type FollowState, freshState, generationOf, type Part, remember } from './state.ts';
import type { Survey } from './survey.ts';

/** A part, and the file with its bytes. */
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

/**
 * Orders the files that may hold a part: first the followed one, of which the others may be copies not truncated yet, then
 * the very file that was read, then plain files before gzipped ones, longer files before shorter ones. The followed file is
 * first, because a copy may have got the inode of the file that was read, when that one was replaced.
 */
function byPreference(part: Part, followed: LogFile | undefined): (a: LogFile, b: LogFile) => number {
  const rank = (file: LogFile) => (file === followed ? 0 : file.id === part.id ? 1 : file.compressed ? 3 : 2);
  return (a, b) => rank(a) - rank(b) || b.size - a.size;
}

/**
 * Finds the file that continues the part of the state: it has the same first line, and the last line that was read ends at
 * the same offset. Whether the file was renamed, copied or gzipped does not matter.
 */
export async function findContinuation(
  survey: Pick<Survey, 'followed' | 'others'>,
  state: FollowState,
  warnings: ThrottledLog,
): Promise<LocatedPart | undefined> {
  const { part } = state;
  if (part === undefined) return undefined;
  const all = [...(survey.followed ? [survey.followed] : []), ...survey.others];
  const similar = all.filter(({ base, id }) => base === part.base && (!part.done || id === part.id));
  for (const file of similar.sort(byPreference(part, survey.followed))) {
    const bytes = await openBytes(file, part.offset, part.check).catch((error: unknown) => {
      warnings.log('cannot read a rotated part; retrying', { file: file.path, error: describeError(error) });
      return undefined;
    });
    if (bytes !== undefined)
      return { file, bytes, state: { ...state, part: { ...part, id: file.id, done: false } } };
  }
  return undefined;
}

/**
 * Finds the file with the part after the one of the state: the oldest unknown part, otherwise the followed file, once it
 * has a line. `open` is the file that is being read.
 */
export function findNext(
  { followed, others }: Survey,
  state: FollowState,
  open?: LogFile,
): LogFile | undefined {
  const isNew = ({ base, id, began, holdsIncidents }: LogFile) =>
    base !== undefined &&
    holdsIncidents &&
    id !== open?.id &&
    // A copy of the followed file, which may still be incomplete.
    base !== followed?.base &&
    generationOf(state, base) === undefined &&
    began > state.since;
  const [oldest] = others
    .filter(isNew)
    .sort((a, b) => a.began - b.began || Number(a.compressed) - Number(b.compressed) || b.size - a.size);
  if (oldest !== undefined) return oldest;
  const isReady = followed?.base !== undefined && followed.settled && followed.id !== open?.id;
  return isReady ? followed : undefined;
}

/** Where to start in a part that this source has not read. The journal may have its incidents from an import. */
async function startPosition(
  file: LogFile,
  base: string,
  sensor: string,
  context: SourceContext,
): Promise<StartPosition> {
  for (let generation = 0; ; generation += 1) {
    const ordinal = await context.resumeAfter(streamOf(base, generation, sensor));
    // A gzipped file is simply read from its start, since incidents with known ids are not stored again.
    if (ordinal === undefined || file.compressed) return { generation, ...fromStart };
    const offset = await offsetAfter(file, ordinal);
    if (offset !== undefined) return { generation, offset, check: await checkAt(file, offset) };
  }
}

async function locateAt(
  file: LogFile,
  state: FollowState,
  position: StartPosition,
): Promise<LocatedPart | undefined> {
  const { id, began, base = '' } = file;
  const bytes = await openBytes(file, position.offset, position.check);
  return bytes && { file, bytes, state: { ...state, part: { base, id, began, done: false, ...position } } };
}

/** Begins a part that {@link findNext} found; undefined when the file has changed since. */
export async function beginPart(
  file: LogFile,
  state: FollowState,
  sensor: string,
  context: SourceContext,
): Promise<LocatedPart | undefined> {
  const { part } = state;
  const withEarlierPart =
    part === undefined ? state : remember(state, part.base, part.generation, part.began);
  const { base = '' } = file;
  const generation = generationOf(state, base);
  const position =
    generation === undefined
      ? await startPosition(file, base, sensor, context)
      : { generation: generation + 1, ...fromStart };
  return locateAt(file, withEarlierPart, position);
}

/**
 * Begins on the first run. Files beside the followed one are older and are not read. Returns the state to save, with the
 * first part if there is one.
 */
export async function beginFirst(
  { followed, others, problem }: Survey,
  { start }: FollowSettings,
  sensor: string,
  context: SourceContext,
): Promise<LocatedPart | { readonly state: FollowState }> {
  const file = followed?.base !== undefined && followed.settled ? followed : undefined;
  let state = freshState;
  for (const { base, began } of others)
    if (base !== undefined && base !== file?.base) state = remember(state, base, 0, began);
  // A file that cannot be read cannot be remembered: its time shows that it is older.
  if (problem !== undefined) state = { ...state, since: file?.began ?? context.now() };
  if (file?.base === undefined) return { state };
  let position = await startPosition(file, file.base, sensor, context);
  if (start === 'end' && position.offset === 0 && !file.compressed) {
    const offset = await offsetAtEnd(file);
    position = { ...position, offset, check: await checkAt(file, offset) };
  }
  return (await locateAt(file, state, position)) ?? { state };
}
