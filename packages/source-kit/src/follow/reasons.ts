import { describeError, type SourceContext } from '@ihandler/core';
import { SECOND } from '@ihandler/core/kit';
import { leftMountProblem, mountFindings } from '../check-file.ts';
import { explainLines } from '../explain-format.ts';
import type { LineFormat } from '../format.ts';
import type { FollowSettings } from '../options.ts';
import { explainFileError } from '../unreadable.ts';
import type { FoundLine } from './last-lines.ts';
import type { LogFile } from './log-file.ts';
import type { Survey } from './search/survey.ts';
import type { FollowState, Part } from './state.ts';

/** How many invalid lines in a row show that a file that held incidents has another format now. */
const fruitlessLines = 100;
/** By how much the times of files and incidents may differ, in milliseconds. */
const timeSlack = 2 * SECOND;

/** Tells the host and the log why no incidents come, and how it handled rewritten files. */
export class Reasons {
  readonly #format: LineFormat;
  readonly #file: string;
  readonly #rotatedTo: string | undefined;
  readonly #context: SourceContext;
  /** Whether the file is a mount of its own, which needs a look at each survey. */
  readonly #isMount: boolean;
  /** Whether the file that is read gave nothing but rejects. */
  #isFruitless = false;
  /** The parts that were named in the log because they cannot be unpacked here. */
  readonly #named = new Set<string>();

  constructor(
    { format, file, rotatedTo }: Pick<FollowSettings, 'format' | 'file' | 'rotatedTo'>,
    context: SourceContext,
  ) {
    this.#format = format;
    this.#file = file;
    this.#rotatedTo = rotatedTo;
    this.#context = context;
    this.#isMount = mountFindings(file).length > 0;
  }

  /** After a survey. A missing file is fine, since it may be created later. */
  surveyed({ followed, problem, isBlocked }: Survey, isSearching: boolean): void {
    const file = this.#file;
    const format = followed?.foreign && explainLines(this.#format, followed.head, file);
    const left = this.#isMount ? leftMountProblem(file) : undefined;
    const why = () => describeError(explainFileError(file, problem));
    if (isBlocked) this.#context.problem?.(why());
    else if (format !== undefined) this.#context.problem?.(`${file}: ${format.found} ${format.fix}`);
    else if (problem !== undefined && isSearching) this.#context.problem?.(`a rotated part of ${why()}`);
    else if (left !== undefined) this.#context.problem?.(left);
    else if (!this.#isFruitless) this.#context.problem?.(undefined);
  }

  /** When the file has no more lines: reports that it is a mount of its own which the host rotated. */
  waits(): void {
    const left = this.#isMount ? leftMountProblem(this.#file) : undefined;
    if (left !== undefined) this.#context.problem?.(left);
  }

  /** After lines were read: reports when they are not incidents. */
  read(
    file: LogFile,
    counts: { readonly accepted: number; readonly rejected: number },
    state?: FollowState,
  ): void {
    const wasFruitless = this.#isFruitless;
    const isNew = state?.part?.time === undefined;
    this.#isFruitless = counts.accepted === 0 && counts.rejected > (isNew ? 0 : fruitlessLines);
    if (this.#isFruitless === wasFruitless) return;
    if (!this.#isFruitless) {
      this.#context.problem?.(undefined);
      return;
    }
    const format = explainLines(this.#format, file.head, file.path);
    const why =
      format === undefined ? 'Its lines are invalid, see the rejects.' : `${format.found} ${format.fix}`;
    this.#context.problem?.(`${file.path}: no line is an incident. ${why}`);
  }

  /** When a file is begun: tells where, when it was rewritten or that cannot be decided. */
  started(file: string, found: FoundLine | undefined, isDecided: boolean): void {
    const { log } = this.#context;
    const details = { file, offset: found?.offset ?? 0 };
    if (found?.ambiguous)
      log.warn('the last line read is in the file more than once; continuing after the first', details);
    else if (!isDecided && found === undefined)
      log.warn(
        'cannot tell which lines of the file were read before: reading all; some may be stored twice',
        details,
      );
    else if (found !== undefined)
      log.info('the file was rewritten; continuing after the last line that was read', details);
  }

  #advice(): string {
    return this.#rotatedTo === undefined
      ? 'if rotations move it to another folder (olddir of logrotate), set "rotatedTo" of this source to that folder'
      : `it is neither beside the file nor in ${this.#rotatedTo} ("rotatedTo" of this source)`;
  }

  /** When the rest of a part cannot be found: names the files that may hold it and cannot be unpacked here. */
  lost({ others }: Survey, { time = 0, offset }: Part): void {
    const { log } = this.#context;
    const packed = others.filter(({ foreign }) => foreign !== undefined);
    // Compression keeps the time of a file: one that was not changed later holds nothing new.
    if (packed.some(({ changedAt }) => Math.abs(changedAt - time) < timeSlack)) return;
    const later = packed.filter(({ path, changedAt }) => changedAt > time && !this.#named.has(path));
    for (const { path, foreign } of later) {
      this.#named.add(path);
      log.error('cannot read a rotated part: unpack it, then import the unpacked file', {
        file: path,
        found: foreign?.name,
        unpack: foreign?.command.replaceAll('FILE', path),
      });
    }
    if (later.length === 0)
      log.error(
        `cannot find the rest of a rotated part: ${this.#advice()}; import that file if you find it`,
        { file: this.#file, after: offset },
      );
  }
}
