import { stat } from 'node:fs/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import type { ThrottledLog } from '@ihandler/core/kit';
import type { FollowSettings } from '../options.ts';
import { createProgressReporter, type ProgressReporter } from '../progress.ts';
import { withFileErrors } from './file-error.ts';
import { idOf, isAsSurveyed } from './log-file.ts';
import { createPartLines, type PartLines } from './part-lines.ts';
import { readChunk } from './read-chunk.ts';
import { Reasons } from './reasons.ts';
import { chooseNext, findMoved, type NextPart } from './search/choose-next.ts';
import { findElsewhere } from './search/elsewhere.ts';
import {
  beginFirst,
  beginPart,
  closeSurveyed,
  type Finding,
  findContinuation,
  findInFile,
  type LocatedPart,
  openSurveyed,
} from './search/locate.ts';
import { SearchPace } from './search/search-pace.ts';
import { type Survey, Surveyor } from './search/survey.ts';
import { type FollowState, type Part, writeState } from './state.ts';

/** The part that is being read. */
interface OpenPart extends LocatedPart {
  readonly lines: PartLines;
}

/** A later file is read twice for the last line that was read only up to this size, in bytes. */
const mostSearched = 64 * 1024 * 1024;

/**
 * Follows a file step by step. A follower either reads an open part, or searches for the one to read next: the rest of the
 * part of its state, or the part after that.
 */
export class Follower {
  readonly #settings: FollowSettings;
  readonly #context: SourceContext;
  readonly #warnings: ThrottledLog;
  readonly #reportProgress: ProgressReporter;
  readonly #finding: Finding;
  readonly #surveyor: Surveyor;
  readonly #reasons: Reasons;
  readonly #pace: SearchPace;

  /** The position that is durable; undefined before the first run. */
  #state: FollowState | undefined;
  /** The part that is being read; undefined while searching. */
  #open: OpenPart | undefined;

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
    const sensor = settings.sensor ?? context.sensor;
    this.#finding = { format: settings.format, sensor, context, warnings };
    this.#reasons = new Reasons(settings, context);
    this.#surveyor = new Surveyor(settings, this.#finding, context.now);
    this.#pace = new SearchPace(settings.poll);
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
    if (followed !== undefined && idOf(followed) === part.file.id) {
      this.#reasons.waits();
      return 'later';
    }
    await this.#survey((survey) => this.#leave(part, survey));
    return this.#open === part ? 'later' : 'at once';
  }

  /** Closes the open part. Lines that were read but not reported are read again. Safe to call twice. */
  async close(): Promise<void> {
    const part = this.#open;
    this.#open = undefined;
    const skipped = part?.lines.skipped() ?? 0;
    if (skipped > 0)
      this.#context.log.info('skipped lines that hold no incident', {
        file: part?.file.path,
        lines: skipped,
      });
    await part?.bytes.close();
    await part?.file.handle.close();
  }

  #enter(located: LocatedPart): void {
    this.#state = located.state;
    const lines = createPartLines({
      path: located.file.path,
      before: located.bytes.before,
      settings: this.#settings,
      context: this.#context,
      warnings: this.#warnings,
      // Safe: it was set above and is only ever replaced.
      state: () => this.#state as FollowState,
      keep: (next) => {
        this.#state = next;
      },
    });
    this.#open = { ...located, lines };
  }

  /** Begins a file after the last line that was read, if that is in it. */
  async #enterNext(next: NextPart | undefined, after: FollowState): Promise<void> {
    if (next === undefined) return;
    const { file } = next;
    await withFileErrors(async () => {
      const opened = await openSurveyed(file, this.#finding, this.#context.now());
      if (opened === undefined) return;
      try {
        const isSearched = !next.isLater || (!opened.compressed && opened.size <= mostSearched);
        const found = isSearched ? await findInFile(opened, after) : undefined;
        // Emptied since the survey, as a trim in place does: what was found there says nothing.
        if (!(await isAsSurveyed(opened))) return;
        const isDecided = next.isLater || found?.missing === 0;
        if (!isDecided && !this.#pace.isUndecidedOver()) return;
        const located = await beginPart(opened, after, found, this.#finding);
        if (located === undefined) return;
        this.#reasons.started(file.path, found, isDecided);
        this.#pace.found();
        this.#enter(located);
      } finally {
        if (this.#open?.file !== opened) await closeSurveyed(opened, file);
      }
    });
  }

  async #saveState(next: FollowState): Promise<void> {
    await this.#context.report([], { state: writeState(next) });
    this.#state = next;
  }

  /** Surveys the folder, unless it has not changed since a survey that found nothing to do. */
  async #survey(use: (survey: Survey) => Promise<void>): Promise<void> {
    const { file } = this.#settings;
    const signature = await withFileErrors(() => this.#surveyor.signature());
    if (!this.#pace.isSurveyDue(signature)) return;
    const survey = await withFileErrors(() => this.#surveyor.survey());
    if (survey.problem !== undefined)
      this.#warnings.log('cannot read the file or its rotated parts; retrying', {
        file,
        error: describeError(survey.problem),
      });
    this.#pace.surveying(survey);
    this.#reasons.surveyed(survey, this.#pace.isSearching);
    const before = this.#open;
    try {
      await use(survey);
      this.#pace.surveyed(this.#open === before ? signature : undefined);
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
    const continuation = await findContinuation(survey, state, this.#finding);
    if (continuation !== undefined) {
      this.#pace.foundAgain();
      this.#enter(continuation);
      return;
    }
    if (state.part?.done === false) {
      const isOver = this.#pace.isSearchOver(survey);
      const moved = await withFileErrors(() => findMoved(survey, state, this.#finding));
      if (moved !== undefined && (moved.found.missing === 0 || isOver)) {
        await this.#enterNext({ file: moved.file, isLater: false }, state);
        return;
      }
      if (!isOver || (await this.#enterElsewhere(state.part, state))) return;
      this.#reasons.lost(survey, state.part);
      await this.#saveState({ ...state, part: { ...state.part, done: true } });
      this.#pace.stopSearching();
    }
    const choice = await withFileErrors(() => chooseNext(survey, this.#state ?? state, this.#finding));
    this.#state = choice.state;
    await this.#enterNext(choice.next, choice.state);
  }

  /** Looks for the rest of a part under other names and in other folders. */
  async #enterElsewhere(part: Part, state: FollowState): Promise<boolean> {
    const others = await withFileErrors(() =>
      findElsewhere(this.#settings, part, this.#finding, this.#context.now()),
    );
    const continuation = await findContinuation({ followed: undefined, others }, state, this.#finding);
    if (continuation === undefined) return false;
    this.#context.log.info('reading the rest of a part that was moved', { file: continuation.file.path });
    this.#pace.found();
    this.#enter(continuation);
    return true;
  }

  async #begin(survey: Survey): Promise<void> {
    const first = await withFileErrors(() => beginFirst(survey, this.#settings, this.#finding));
    await this.#saveState(first.state);
    this.#pace.found();
    if ('file' in first) this.#enter(first);
  }

  /** Reads to the end of a part, as far as it is written. */
  async #readAvailable(part: OpenPart): Promise<'end' | 'changed' | 'stopped'> {
    while (!this.#context.signal.aborted) {
      const chunk = await readChunk(part, this.#context);
      if (typeof chunk === 'string') {
        await part.lines.flush();
        this.#reasons.read(part.file, part.lines.counts(), this.#state);
        return chunk;
      }
      await part.lines.push(chunk);
      this.#reasons.read(part.file, part.lines.counts(), this.#state);
      this.#reportProgress({ done: this.#state?.part?.offset ?? 0 });
    }
    return 'stopped';
  }

  /**
   * Leaves a part that is not at the followed path any more, when the next part has a line or another file continues this
   * one. dionaea writes to the next part by then, so the lines that this part has now are all it will ever have.
   */
  async #leave(part: OpenPart, survey: Survey): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    const isContinued = await this.#isContinuedElsewhere(part, survey, state);
    const choice = isContinued
      ? { state, next: undefined }
      : await withFileErrors(() => chooseNext(survey, state, this.#finding, part.file));
    this.#state = choice.state;
    const { next } = choice;
    if (next === undefined && !isContinued) return;
    const end = await this.#readAvailable(part);
    if (end === 'end' && !isContinued) {
      const longer = await this.#longerCopy(part, survey);
      if (longer !== undefined) {
        await this.close();
        this.#pace.found();
        this.#enter(longer);
        return;
      }
      await part.lines.finish();
    }
    await this.close();
    // The position of a continuation depends on the lines that were read just now: the next step finds it.
    if (end === 'end') await this.#enterNext(next, this.#state ?? state);
  }

  /** Another file with the same text and more after it: the open one was an extract that looks like a part. */
  async #longerCopy(part: OpenPart, survey: Survey): Promise<LocatedPart | undefined> {
    const state = this.#state;
    if (state === undefined) return undefined;
    const copies = survey.others.filter(({ base, id }) => base === state.part?.base && id !== part.file.id);
    for (const copy of copies) {
      const open = () => findContinuation({ followed: undefined, others: [copy] }, state, this.#finding);
      const probe = await open();
      if (probe === undefined) continue;
      const more = await readChunk(probe, this.#context).finally(async () => {
        await probe.bytes.close();
        await probe.file.handle.close();
      });
      if (typeof more !== 'string') return open();
    }
    return undefined;
  }

  /**
   * Whether another file continues the part: the open one was deleted, and one with the same text, as far as can be seen,
   * has taken its place. rsync does so.
   */
  async #isContinuedElsewhere(part: OpenPart, survey: Survey, state: FollowState): Promise<boolean> {
    const { nlink } = await withFileErrors(() => part.file.handle.stat());
    if (nlink !== 0) return false;
    if (survey.followed?.base !== undefined && survey.followed.base === state.part?.base) return true;
    const replacement = await findContinuation(survey, state, this.#finding);
    await replacement?.bytes.close();
    if (replacement?.file !== survey.followed) await replacement?.file.handle.close();
    return replacement !== undefined;
  }
}
