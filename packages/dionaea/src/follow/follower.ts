import { stat } from 'node:fs/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import { createProgress } from '../progress.ts';
import { isDamage, onDisk } from './file-trouble.ts';
import { type FoundFile, idOf, writingTime } from './found-file.ts';
import { beginFirst, beginPart, findContinuation, findNext, type Located } from './locate.ts';
import type { FollowSettings } from './options.ts';
import { createPartLines, type PartLines } from './part-lines.ts';
import { type FollowState, writeState } from './state.ts';
import { folderSignature, type Survey, surveyFolder } from './survey.ts';

/** What a follower works with. */
export interface Following {
  readonly settings: FollowSettings;
  readonly context: SourceContext;
  /** Tells of the same thing at most once a minute. */
  readonly warn: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Follows a file step by step. */
export interface Follower {
  /** Reads what there is; says when it is worth while to look again. Throws {@link FileTrouble}, after which it may be called again. */
  step(): Promise<'at once' | 'later'>;
  /** Closes what is open. What was read and not handed over is read again. */
  letGo(): Promise<void>;
}

interface OpenPart extends Located {
  readonly lines: PartLines;
}

/** How long what cannot be looked at is taken for passing, in milliseconds. */
const patience = 60_000;
/** How many looks a part that is gone is searched for: names move while a rotation goes on. */
const looks = 8;

/** Makes a {@link Follower} that goes on from a state; undefined: it never ran. */
export function createFollower(
  { settings, context, warn }: Following,
  begun: FollowState | undefined,
): Follower {
  const { file, poll } = settings;
  const sensor = settings.sensor ?? context.sensor;
  const tell = createProgress(context);
  let state = begun;
  let open: OpenPart | undefined;
  let nothingIn: string | undefined;
  let missedSince: number | undefined;

  async function keep(next: FollowState): Promise<void> {
    await context.report([], { state: writeState(next) });
    state = next;
  }

  async function letGo(): Promise<void> {
    const closing = open;
    open = undefined;
    await closing?.bytes.close();
    await closing?.file.handle.close();
  }

  function enter(located: Located): void {
    state = located.state;
    missedSince = undefined;
    nothingIn = undefined;
    const lines = createPartLines({
      path: located.file.path,
      before: located.bytes.before,
      settings,
      context,
      // Safe: it was set above and is only ever replaced.
      state: () => state as FollowState,
      keep(next) {
        state = next;
      },
    });
    open = { ...located, lines };
  }

  /** Looks at the folder, unless nothing has changed in it since a look that found nothing. */
  async function survey<T>(use: (found: Survey) => Promise<T>): Promise<T | undefined> {
    const signature = await onDisk(() => folderSignature(file));
    if (signature === nothingIn && missedSince === undefined) return undefined;
    const found = await onDisk(() => surveyFolder(file, sensor, context.now()));
    if (found.problem !== undefined)
      warn('cannot be looked at', { file, error: describeError(found.problem) });
    const before = open;
    try {
      const result = await use(found);
      nothingIn = open === before ? signature : undefined;
      return result;
    } finally {
      await found.close(open?.file);
    }
  }

  /** Whether to stop searching for the rest of a part. */
  function isGivenUp({ followed, problem }: Survey): boolean {
    missedSince ??= performance.now();
    const limit = problem === undefined ? looks * poll : patience;
    return followed !== undefined && performance.now() - missedSince >= limit;
  }

  async function begin(found: Survey): Promise<void> {
    if (state === undefined) {
      const first = await onDisk(() => beginFirst(found, settings, sensor, context));
      await keep(first.state);
      if ('file' in first) enter(first);
      return;
    }
    const continued = await findContinuation(found, state, warn);
    if (continued !== undefined) {
      enter(continued);
      return;
    }
    if (state.part?.done === false) {
      if (!isGivenUp(found)) return;
      const place = { file, after: state.part.offset };
      context.log.error('the rest of an earlier part is gone: import it if you find it', place);
      await keep({ ...state, part: { ...state.part, done: true } });
      missedSince = undefined;
    }
    await enterNext(findNext(found, state), state);
  }

  async function enterNext(next: FoundFile | undefined, after: FollowState): Promise<void> {
    if (next === undefined) return;
    const located = await onDisk(() => beginPart(next, after, sensor, context));
    if (located !== undefined) enter(located);
  }

  async function isDamaged(part: OpenPart, error: unknown): Promise<boolean> {
    if (!isDamage(error)) return false;
    const { mtimeMs } = await onDisk(() => part.file.handle.stat());
    return Math.abs(context.now() - mtimeMs) >= writingTime;
  }

  async function readOn(part: OpenPart): Promise<'end' | 'changed' | 'stopped'> {
    while (!context.signal.aborted) {
      const chunk = await onDisk(() => part.bytes.next()).catch(async (error: unknown) => {
        if (!(await isDamaged(part, error))) throw error;
        context.log.error('gzip data is damaged: what is after that place is lost', { file: part.file.path });
        return 'end' as const;
      });
      if (typeof chunk === 'string') {
        await part.lines.flush();
        return chunk;
      }
      await part.lines.push(chunk);
      tell({ done: state?.part?.offset ?? 0 });
    }
    return 'stopped';
  }

  /** Whether another file has been put in the place of the one that is open, which has no name any more. */
  async function isReplaced({ file: { handle } }: OpenPart): Promise<boolean> {
    return (await onDisk(() => handle.stat())).nlink === 0;
  }

  /**
   * Whether the part may go on elsewhere: another file was put in the place of the open one, which has no name any more,
   * with the same text as far as can be seen. rsync does so.
   */
  async function goesOnElsewhere(part: OpenPart, found: Survey, now: FollowState): Promise<boolean> {
    if (!(await isReplaced(part))) return false;
    if (found.followed?.base !== undefined && found.followed.base === now.part?.base) return true;
    const replacement = await findContinuation(found, now, warn);
    await replacement?.bytes.close();
    return replacement !== undefined;
  }

  async function moveOn(part: OpenPart, found: Survey): Promise<void> {
    if (state === undefined) return;
    const elsewhere = await goesOnElsewhere(part, found, state);
    const next = elsewhere ? undefined : findNext(found, state, part.file);
    if (next === undefined && !elsewhere) return;
    // Whoever writes is in the next part already: what is there now is all that there will be.
    const ended = await readOn(part);
    if (ended === 'end' && !elsewhere) await part.lines.finish();
    await letGo();
    // Where it goes on depends on what was read just now: the next step finds that.
    if (ended === 'end') await enterNext(next, state);
  }

  return {
    async step() {
      const before = open;
      if (before === undefined) {
        await survey(begin);
        return open === undefined ? 'later' : 'at once';
      }
      const ended = await readOn(before);
      if (ended === 'changed') {
        await letGo();
        return 'at once';
      }
      const there = await stat(file, { bigint: true }).catch(() => undefined);
      if (there !== undefined && idOf(there) === before.file.id) return 'later';
      await survey((found) => moveOn(before, found));
      return open === before ? 'later' : 'at once';
    },
    letGo,
  };
}
