import { escapeControls, type LaneStatus, type SourceOutcome, type Terminal } from '@ihandler/core';
import { exitCodes } from '../exit-code.ts';
import { bold } from '../terminal/terminal.ts';

/** What became of one file. */
export interface FileResult {
  /** As the user named it. */
  readonly file: string;
  /** Undefined for an empty file. */
  readonly source: string | undefined;
  readonly outcome: SourceOutcome;
  /** Why it was not read to its end. */
  readonly failure?: string;
}

/** A file that was written beside, with how many lines it has. */
export interface Kept {
  readonly file: string;
  readonly count: number;
}

/** What became of an import. */
export interface ImportResult {
  /** The files that were begun, in order. */
  readonly files: readonly FileResult[];
  /** How many there were to read. */
  readonly asked: number;
  readonly lanes: readonly LaneStatus[];
  readonly rejects: Kept | undefined;
  readonly deadLetters: Kept | undefined;
  readonly seconds: number;
  readonly isInterrupted: boolean;
  /** Why it ended before its end, when it was not the user's wish. */
  readonly failure: string | undefined;
}

function sum(files: readonly FileResult[], key: keyof SourceOutcome): number {
  return files.reduce((total, { outcome }) => total + outcome[key], 0);
}

/** The exit code of an import. */
export function importExitCode(result: ImportResult): number {
  if (result.isInterrupted) return exitCodes.interrupted;
  const isUnfinished = result.files.some(({ failure }) => failure !== undefined);
  if (
    isUnfinished ||
    result.failure !== undefined ||
    result.lanes.some(({ pending: waiting }) => waiting > 0)
  )
    return exitCodes.unusable;
  const isPartly = sum(result.files, 'rejected') > 0 || result.lanes.some(({ counts }) => counts.dead > 0);
  return isPartly ? exitCodes.partly : exitCodes.ok;
}

/** The whole result as one object, for `--json`. */
export function importAsJson(result: ImportResult): Readonly<Record<string, unknown>> {
  const { files, lanes } = result;
  return {
    accepted: sum(files, 'accepted'),
    known: sum(files, 'known'),
    rejected: sum(files, 'rejected'),
    misfits: sum(files, 'misfits'),
    unknown: sum(files, 'unknown'),
    files: files.map(({ file, source, outcome, failure }) => ({
      file,
      source: source ?? null,
      ...outcome,
      failure: failure ?? null,
    })),
    ihandlers: lanes.map(({ instance, handler, counts, pending: waiting, failure }) => ({
      name: instance,
      handler,
      delivered: counts.delivered,
      filtered: counts.filtered,
      dead: counts.dead,
      lost: counts.lost,
      waiting,
      failure: failure ?? null,
    })),
    rejects: result.rejects ?? null,
    deadLetters: result.deadLetters ?? null,
    seconds: Math.round(result.seconds * 1000) / 1000,
    interrupted: result.isInterrupted,
    failure: result.failure ?? null,
    exitCode: importExitCode(result),
  };
}

const number = (value: number) => value.toLocaleString('en');

/** The counts of an instance in words, indented. */
export function laneLine({
  instance,
  counts,
  pending,
  failure,
}: Pick<LaneStatus, 'instance' | 'counts' | 'pending' | 'failure'>): string {
  const parts: readonly (readonly [number, string])[] = [
    [counts.delivered, 'delivered'],
    [counts.filtered, 'not for it'],
    [counts.dead, 'given up (dead letters)'],
    [counts.dropped, 'dropped'],
    [counts.lost, 'lost'],
    [pending, 'still waiting'],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${number(count)} ${what}`);
  const problem = failure === undefined ? '' : ` (${failure})`;
  return `  ${instance}: ${told.join(', ') || 'nothing to do'}${problem}`;
}

function title({ files, asked, isInterrupted, failure, seconds }: ImportResult): string {
  const names = asked === 1 && files[0] ? files[0].file : `${number(asked)} files`;
  const time = `${seconds.toFixed(1)} s`;
  if (isInterrupted) return `Interrupted after ${time}`;
  return failure === undefined ? `Imported ${names} in ${time}` : `Gave up after ${time}`;
}

function lastLine(result: ImportResult, again: string): string[] {
  if (result.isInterrupted)
    return ['What was delivered stays; the same command goes on from there:', `  ${again}`];
  const unread = result.asked - result.files.length;
  if (result.failure !== undefined)
    return [
      `Not finished: ${result.failure}`,
      ...(unread > 0 ? [`Not read: ${number(unread)} of ${number(result.asked)} files.`] : []),
      `When that is put right, the same command goes on where it was:`,
      `  ${again}`,
    ];
  return [];
}

/**
 * The result in words. `again` is the command that was typed, `command` makes one that imports another file in the same
 * way.
 */
export function formatImport(
  result: ImportResult,
  words: { readonly again: string; command(file: string): string },
  terminal: Pick<Terminal, 'color'>,
): string {
  const { files } = result;
  const counts: readonly (readonly [keyof SourceOutcome, string])[] = [
    ['accepted', 'incidents accepted'],
    ['known', 'known already'],
    ['misfits', 'do not fit the schema of their origin (told untyped)'],
    ['unknown', 'of an unknown origin'],
    ['rejected', 'rejected: not an incident'],
  ];
  const told = counts.filter(([key]) => key === 'accepted' || sum(files, key) > 0);
  const width = Math.max(...told.map(([key]) => number(sum(files, key)).length));
  const lines = [
    bold(escapeControls(title(result)), terminal),
    ...told.map(([key, what]) => `  ${number(sum(files, key)).padStart(width)} ${what}`),
    ...result.lanes.map(laneLine).map(escapeControls),
    ...files.flatMap(({ file, failure }) =>
      failure === undefined ? [] : [`${escapeControls(file)} was not read to its end: ${failure}`],
    ),
  ];
  const { rejects, deadLetters } = result;
  if (rejects)
    lines.push(
      `Rejected input (${number(rejects.count)}) is kept, each with its place and reason; put it right and import it:`,
      `  ${words.command(rejects.file)}`,
    );
  if (deadLetters)
    lines.push(
      `Dead letters (${number(deadLetters.count)}) are kept, each with its reason, in ${escapeControls(deadLetters.file)}`,
    );
  const isNothingNew = sum(files, 'accepted') + sum(files, 'rejected') === 0 && importExitCode(result) === 0;
  if (isNothingNew) lines.push('Nothing new: every handler has all of it already.');
  return `${[...lines, ...lastLine(result, words.again)].join('\n')}\n`;
}
