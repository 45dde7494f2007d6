import { stat } from 'node:fs/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import { MINUTE, type ThrottledLog } from '@ihandler/core/kit';
import { createProgressReporter, type ProgressReporter } from '../progress.ts';
import { isGzipDamage, withFileErrors } from './file-error.ts';
import { beginFirst, beginPart, findContinuation, findNext, type LocatedPart } from './locate.ts';
import { idOf, type LogFile, writingTime } from './log-file.ts';
import type { FollowSettings } from './options.ts';
import { createPartLines, type PartLines } from './part-lines.ts';
import { type FollowState, writeState } from './state.ts';
import { folderSignature, type Survey, surveyFolder } from './survey.ts';

/** The part that is being read. */
interface OpenPart extends LocatedPart {
  readonly lines: PartLines;
}

/** How long to search for the rest of a part while some files cannot be read, in milliseconds. */
const unreadablePatience = MINUTE;
/** How many checks to search for the rest of a part when all files can be read: a rotation may be renaming them. */
const searchChecks = 8;

/**
 * Follows a file step by step. A follower either reads an open part, or searches for the one to read next: the rest of the
 * part of its state, or the part after that.
 */
export class Follower {
  readonly #settings: FollowSettings;
  readonly #context: SourceContext;
  readonly #warnings: ThrottledLog;
  readonly #reportProgress: ProgressReporter;
  readonly #sensor: string;

  /** The position that is durable; undefined before the first run. */
  #state: FollowState | undefined;
  /** The part that is being read; undefined while searching. */
  #open: OpenPart | undefined;
  /** When the search for the rest of a part began, as `performance.now()`; undefined when nothing is missing. */
  #searchingSince: number | undefined;
  /** The signature of the folder after a survey without a result: the next survey waits until it has changed. */
  #idleSignature: string | undefined;

  /** `state` is the state of an earlier run. */
  constructor(
    settings: FollowSettings,
    context: SourceContext,
    warnings: ThrottledLog,
    state: FollowState | undefined,
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#warnings = warnings;
    this.#reportProgress = createProgressReporter(context);
    this.#sensor = settings.sensor ?? context.sensor;
    this.#state = state;
  }

  /**
   * Reads the lines that are available, or searches for the next part. Returns when the next step is worthwhile. Throws
   * `FileError`; after {@link close} it may be called again.
   */
  async step(): Promise<'at once' | 'later'> {
    const part = this.#open;
    if (part === undefined) {
      await this.#survey((survey) => this.#search(survey));
      return this.#open === undefined ? 'later' : 'at once';
    }
    const end = await this.#readAvailable(part);
    if (end === 'changed') {
      await this.close();
      return 'at once';
    }
    const followed = await stat(this.#settings.file, { bigint: true }).catch(() => undefined);
    if (followed !== undefined && idOf(followed) === part.file.id) return 'later';
    await this.#survey((survey) => this.#leave(part, survey));
    return this.#open === part ? 'later' : 'at once';
  }

  /** Closes the open part. Lines that were read but not reported are read again. Safe to call twice. */
  async close(): Promise<void> {
    const part = this.#open;
    this.#open = undefined;
    await part?.bytes.close();
    await part?.file.handle.close();
  }

  #enter(located: LocatedPart): void {
    this.#state = located.state;
    this.#searchingSince = undefined;
    this.#idleSignature = undefined;
    const lines = createPartLines({
      path: located.file.path,
      before: located.bytes.before,
      settings: this.#settings,
      context: this.#context,
      // Safe: it was set above and is only ever replaced.
      state: () => this.#state as FollowState,
      keep: (next) => {
        this.#state = next;
      },
    });
    this.#open = { ...located, lines };
  }

  async #enterNext(next: LogFile | undefined, after: FollowState): Promise<void> {
    if (next === undefined) return;
    const located = await withFileErrors(() => beginPart(next, after, this.#sensor, this.#context));
    if (located !== undefined) this.#enter(located);
  }

  async #saveState(next: FollowState): Promise<void> {
    await this.#context.report([], { state: writeState(next) });
    this.#state = next;
  }

  /** Surveys the folder, unless it has not changed since a survey that found nothing to do. */
  async #survey(use: (survey: Survey) => Promise<void>): Promise<void> {
    const { file } = this.#settings;
    const signature = await withFileErrors(() => folderSignature(file));
    if (signature === this.#idleSignature && this.#searchingSince === undefined) return;
    const survey = await withFileErrors(() => surveyFolder(file, this.#sensor, this.#context.now()));
    if (survey.problem !== undefined)
      this.#warnings.log('cannot read the file or its rotated parts; retrying', {
        file,
        error: describeError(survey.problem),
      });
    const before = this.#open;
    try {
      await use(survey);
      this.#idleSignature = this.#open === before ? signature : undefined;
    } finally {
      await survey.close(this.#open?.file);
    }
  }

  /** Searches for the part to read: the first one, the rest of the one in the state, or the one after that. */
  async #search(survey: Survey): Promise<void> {
    const state = this.#state;
    if (state === undefined) {
      await this.#begin(survey);
      return;
    }
    const continuation = await findContinuation(survey, state, this.#warnings);
    if (continuation !== undefined) {
      this.#enter(continuation);
      return;
    }
    if (state.part?.done === false) {
      if (!this.#isSearchOver(survey)) return;
      this.#context.log.error('cannot find the rest of a rotated part; import that file if you find it', {
        file: this.#settings.file,
        after: state.part.offset,
      });
      await this.#saveState({ ...state, part: { ...state.part, done: true } });
      this.#searchingSince = undefined;
    }
    const current = this.#state ?? state;
    await this.#enterNext(findNext(survey, current), current);
  }

  async #begin(survey: Survey): Promise<void> {
    const first = await withFileErrors(() => beginFirst(survey, this.#settings, this.#sensor, this.#context));
    await this.#saveState(first.state);
    if ('file' in first) this.#enter(first);
  }

  /** Whether to stop searching for the rest of a part. */
  #isSearchOver({ followed, problem }: Survey): boolean {
    this.#searchingSince ??= performance.now();
    const limit = problem === undefined ? searchChecks * this.#settings.poll : unreadablePatience;
    return followed !== undefined && performance.now() - this.#searchingSince >= limit;
  }

  /** Reads to the end of a part, as far as it is written. */
  async #readAvailable(part: OpenPart): Promise<'end' | 'changed' | 'stopped'> {
    while (!this.#context.signal.aborted) {
      const chunk = await this.#readChunk(part);
      if (typeof chunk === 'string') {
        await part.lines.flush();
        return chunk;
      }
      await part.lines.push(chunk);
      this.#reportProgress({ done: this.#state?.part?.offset ?? 0 });
    }
    return 'stopped';
  }

  /** Reads the next bytes; damaged gzip data counts as the end of the part, unless the file is still being written. */
  async #readChunk({ bytes, file }: OpenPart): Promise<Buffer | 'end' | 'changed'> {
    try {
      return await withFileErrors(() => bytes.next());
    } catch (error) {
      if (!isGzipDamage(error)) throw error;
      const { mtimeMs } = await withFileErrors(() => file.handle.stat());
      if (Math.abs(this.#context.now() - mtimeMs) < writingTime) throw error;
      this.#context.log.error('gzip data is damaged: the lines after that position are lost', {
        file: file.path,
      });
      return 'end';
    }
  }

  /**
   * Leaves a part that is not at the followed path any more, when the next part has a line or another file continues this
   * one. dionaea writes to the next part by then, so the lines that this part has now are all it will ever have.
   */
  async #leave(part: OpenPart, survey: Survey): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    const isContinued = await this.#isContinuedElsewhere(part, survey, state);
    const next = isContinued ? undefined : findNext(survey, state, part.file);
    if (next === undefined && !isContinued) return;
    const end = await this.#readAvailable(part);
    if (end === 'end' && !isContinued) await part.lines.finish();
    await this.close();
    // The position of a continuation depends on the lines that were read just now: the next step finds it.
    if (end === 'end') await this.#enterNext(next, this.#state ?? state);
  }

  /**
   * Whether another file continues the part: the open one was deleted, and one with the same text, as far as can be seen,
   * has taken its place. rsync does so.
   */
  async #isContinuedElsewhere(part: OpenPart, survey: Survey, state: FollowState): Promise<boolean> {
    const { nlink } = await withFileErrors(() => part.file.handle.stat());
    if (nlink !== 0) return false;
    if (survey.followed?.base !== undefined && survey.followed.base === state.part?.base) return true;
    const replacement = await findContinuation(survey, state, this.#warnings);
    await replacement?.bytes.close();
    return replacement !== undefined;
  }
}
