import type { FoundLine } from '../last-lines.ts';
import { findLastLine, marksIn } from '../last-lines.ts';
import { headSize, type LogFile, type PartFile, readAt } from '../log-file.ts';
import { textChunks } from '../part-bytes.ts';
import { type FollowState, generationOf, remember } from '../state.ts';
import { closeSurveyed, type Finding, findInFile, openSurveyed } from './locate.ts';
import type { Survey } from './survey.ts';

/** The file to read next. */
export interface NextPart {
  readonly file: PartFile | LogFile;
  /** Whether the times of its lines show that they come after the last line that was read. */
  readonly isLater: boolean;
}

/** The state, in which files without new lines are remembered, and the file to read next. */
export interface Choice {
  readonly state: FollowState;
  readonly next: NextPart | undefined;
}

function isLater(file: PartFile, { part }: FollowState): boolean {
  return part?.time === undefined || !file.holdsIncidents || file.began >= part.time;
}

/** The marks of the last lines of a file. */
async function lastMarks(file: LogFile): Promise<readonly string[]> {
  let end: Buffer = Buffer.alloc(0);
  let isFromStart = true;
  if (file.compressed)
    for await (const chunk of textChunks(file)) {
      end = Buffer.concat([end, chunk]);
      if (end.length > headSize) isFromStart = false;
      end = end.subarray(-headSize);
    }
  else {
    const from = Math.max(0, file.size - headSize);
    isFromStart = from === 0;
    end = await readAt(file.handle, from, file.size - from);
  }
  return marksIn(end, isFromStart);
}

async function withFile<T>(
  file: PartFile | LogFile,
  finding: Finding,
  use: (opened: LogFile) => Promise<T>,
): Promise<T | undefined> {
  const opened = await openSurveyed(file, finding, finding.context.now());
  try {
    return opened && (await use(opened));
  } finally {
    await closeSurveyed(opened, file);
  }
}

/** Whether a file adds nothing: its last line is in a part that is known. Extracts and further copies are such files. */
async function isExtract(
  file: PartFile,
  known: readonly (PartFile | LogFile)[],
  finding: Finding,
): Promise<boolean> {
  const marks = await withFile(file, finding, lastMarks);
  if (marks === undefined || marks.length === 0) return false;
  for (const part of known) {
    const found = await withFile(part, finding, (opened) => findLastLine(textChunks(opened), marks, ''));
    if (found?.missing === 0) return true;
  }
  return false;
}

/**
 * Chooses the file with the part after the one of the state: the oldest unknown part, otherwise the followed file, once it
 * has a line. A file whose lines are in known parts is remembered and not read. `open` is the file that is being read.
 */
export async function chooseNext(
  { followed, others }: Survey,
  before: FollowState,
  finding: Finding,
  open?: LogFile,
): Promise<Choice> {
  let state = before;
  const isNew = ({ base, id, began, holdsIncidents }: PartFile) =>
    base !== undefined &&
    holdsIncidents &&
    id !== open?.id &&
    // A copy of the followed file, which may still be incomplete.
    base !== followed?.base &&
    generationOf(state, base) === undefined &&
    began > state.since;
  const candidates = others
    .filter(isNew)
    .sort((a, b) => a.began - b.began || Number(a.compressed) - Number(b.compressed) || b.size - a.size);
  for (const file of candidates) {
    const later = isLater(file, before);
    // A part is older than the followed file.
    const isBefore = followed === undefined || !followed.holdsIncidents || file.began <= followed.began;
    if (later && isBefore) return { state, next: { file, isLater: true } };
    const known = [
      ...(open ? [open] : []),
      ...(followed && followed.id !== open?.id ? [followed] : []),
      ...others.filter(({ base }) => base !== undefined && generationOf(before, base) !== undefined),
    ].filter(({ began }) => began <= file.began);
    if (!(await isExtract(file, known, finding))) return { state, next: { file, isLater: later } };
    finding.context.log.info('file beside the followed one holds only lines that were read', {
      file: file.path,
    });
    // Safe: only files with a first line are candidates.
    state = remember(state, file.base ?? '', 0, file.began);
  }
  const isReady = followed?.base !== undefined && followed.settled && followed.id !== open?.id;
  return { state, next: isReady ? { file: followed, isLater: isLater(followed, state) } : undefined };
}

/** A file in which one of the last lines that were read is at another offset than before. */
export interface MovedPart {
  readonly file: PartFile | LogFile;
  readonly found: FoundLine;
}

/** Finds the last line that was read in files that begin with another line: their beginning was removed. */
export async function findMoved(
  { followed, others }: Survey,
  state: FollowState,
  finding: Finding,
): Promise<MovedPart | undefined> {
  const { part } = state;
  const files: (PartFile | LogFile)[] = [
    ...(followed?.settled ? [followed] : []),
    ...others.filter(
      ({ base }) => base === part?.base || (base !== undefined && generationOf(state, base) === undefined),
    ),
  ].filter(({ base, holdsIncidents }) => base !== undefined && holdsIncidents);
  let best: MovedPart | undefined;
  for (const file of files) {
    const found = await withFile(file, finding, (opened) => findInFile(opened, state));
    if (found !== undefined && (best === undefined || found.missing < best.found.missing))
      best = { file, found };
  }
  return best;
}
