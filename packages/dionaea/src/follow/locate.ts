import { describeError, type SourceContext } from '@ihandler/core';
import { type FoundFile, streamOf } from './found-file.ts';
import type { FollowSettings } from './options.ts';
import { checkAt, checkOf, openBytes, type PartBytes, placeAfter, placeAtEnd } from './part-bytes.ts';
import { type FollowState, freshState, generationOf, type Part, remember } from './state.ts';
import type { Survey } from './survey.ts';

/** A part and where its bytes come from. */
export interface Located {
  readonly file: FoundFile;
  readonly bytes: PartBytes;
  /** With this part. */
  readonly state: FollowState;
}

const nothing = { offset: 0, check: checkOf(Buffer.alloc(0)) };

/**
 * Better places first: the very file, then the followed one, of which the others may be copies that are not cut off yet,
 * then what is whole before what is gzipped, what is longer before what is shorter.
 */
function byPreference(part: Part, followed: FoundFile | undefined): (a: FoundFile, b: FoundFile) => number {
  const rank = (file: FoundFile) =>
    file.id === part.id ? 0 : file === followed ? 1 : file.compressed ? 3 : 2;
  return (a, b) => rank(a) - rank(b) || b.size - a.size;
}

/**
 * Finds where a part goes on that was begun: a file whose first line is the part's, in which the last line that was taken
 * ends where it ended. Whether it was renamed, copied or gzipped does not matter.
 */
export async function findContinuation(
  survey: Pick<Survey, 'followed' | 'others'>,
  state: FollowState,
  warn: (message: string, details: Readonly<Record<string, unknown>>) => void,
): Promise<Located | undefined> {
  const { part } = state;
  if (part === undefined) return undefined;
  const all = [...(survey.followed ? [survey.followed] : []), ...survey.others];
  const similar = all.filter(({ base, id }) => base === part.base && (!part.done || id === part.id));
  for (const file of similar.sort(byPreference(part, survey.followed))) {
    const bytes = await openBytes(file, part.offset, part.check).catch((error: unknown) => {
      warn('a part cannot be read', { file: file.path, error: describeError(error) });
      return undefined;
    });
    if (bytes !== undefined)
      return { file, bytes, state: { ...state, part: { ...part, id: file.id, done: false } } };
  }
  return undefined;
}

/**
 * Finds the file with the part after the one of the state: the oldest that is not known, else the followed one, as soon as
 * it has a line. `open` is the file that is being read.
 */
export function findNext(
  { followed, others }: Survey,
  state: FollowState,
  open?: FoundFile,
): FoundFile | undefined {
  const isNew = ({ base, id, began, holdsIncidents }: FoundFile) =>
    base !== undefined &&
    holdsIncidents &&
    id !== open?.id &&
    // A copy of the followed file: perhaps in the making.
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

/** Where to begin in a part that the source has not read, but the journal may have: it was imported. */
async function beginning(
  file: FoundFile,
  base: string,
  lowest: number,
  sensor: string,
  context: SourceContext,
): Promise<{ readonly generation: number; readonly offset: number; readonly check: string }> {
  for (let generation = lowest; ; generation += 1) {
    const taken = await context.resumeAfter(streamOf(base, generation, sensor));
    // What is known already is not taken in twice: so a gzipped one is just read.
    if (taken === undefined || file.compressed) return { generation, ...nothing };
    const offset = await placeAfter(file, taken);
    if (offset !== undefined) return { generation, offset, check: await checkAt(file, offset) };
  }
}

async function locateAt(
  file: FoundFile,
  state: FollowState,
  place: { readonly generation: number; readonly offset: number; readonly check: string },
): Promise<Located | undefined> {
  const { id, began, base = '' } = file;
  const bytes = await openBytes(file, place.offset, place.check);
  return bytes && { file, bytes, state: { ...state, part: { base, id, began, done: false, ...place } } };
}

/** Begins a part that {@link findNext} found; undefined when the file has changed meanwhile. */
export async function beginPart(
  file: FoundFile,
  state: FollowState,
  sensor: string,
  context: SourceContext,
): Promise<Located | undefined> {
  const { part } = state;
  const kept = part === undefined ? state : remember(state, part.base, part.generation, part.began);
  const { base = '' } = file;
  const seen = generationOf(state, base);
  const place =
    seen === undefined
      ? await beginning(file, base, 0, sensor, context)
      : { generation: seen + 1, ...nothing };
  return locateAt(file, kept, place);
}

/**
 * Begins where nothing was read ever: what lies beside the followed file is older and not read. Gives the state to keep,
 * with the first part when there is one.
 */
export async function beginFirst(
  { followed, others, problem }: Survey,
  { start }: FollowSettings,
  sensor: string,
  context: SourceContext,
): Promise<Located | { readonly state: FollowState }> {
  const file = followed?.base !== undefined && followed.settled ? followed : undefined;
  let state = freshState;
  for (const { base, began } of others)
    if (base !== undefined && base !== file?.base) state = remember(state, base, 0, began);
  // What cannot be looked at cannot be remembered; its time tells.
  if (problem !== undefined) state = { ...state, since: file?.began ?? context.now() };
  if (file?.base === undefined) return { state };
  let place = await beginning(file, file.base, 0, sensor, context);
  if (start === 'end' && place.offset === 0 && !file.compressed) {
    const offset = await placeAtEnd(file);
    place = { ...place, offset, check: await checkAt(file, offset) };
  }
  return (await locateAt(file, state, place)) ?? { state };
}
