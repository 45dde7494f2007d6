import { escapeControls, type LaneStatus, type SourceOutcome, type Terminal } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import type { ImportResult } from '@ihandler/host';
import { exitCodes } from '../../exit-code.ts';
import { style } from '../../terminal/terminal.ts';

type FileResult = ImportResult['files'][number];

function sum(files: readonly FileResult[], key: keyof SourceOutcome): number {
  return files.reduce((total, { outcome }) => total + (outcome[key] ?? 0), 0);
}

/** The exit code of an import. */
export function importExitCode(result: ImportResult): number {
  if (result.isInterrupted) return exitCodes.interrupted;
  const isUnfinished = result.files.some(({ failure }) => failure !== undefined);
  if (isUnfinished || result.failure !== undefined || result.lanes.some(({ pending }) => pending > 0))
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
    ihandlers: lanes.map(({ instance, handler, counts, known, pending, failure }) => ({
      name: instance,
      handler,
      delivered: counts.delivered - known,
      known,
      filtered: counts.filtered,
      dead: counts.dead,
      lost: counts.lost,
      pending,
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

/** The counts of an instance as a line, indented. */
export function laneLine({
  instance,
  counts,
  known = 0,
  pending,
  failure,
}: Pick<LaneStatus, 'instance' | 'counts' | 'pending' | 'failure'> & {
  readonly known?: number | undefined;
}): string {
  const parts: readonly (readonly [number, string])[] = [
    [counts.delivered - known, 'delivered'],
    [known, 'already there'],
    [counts.filtered, 'filtered'],
    [counts.dead, 'moved to dead letters'],
    [counts.dropped, 'dropped'],
    [counts.lost, 'lost'],
    [pending, 'pending'],
  ];
  const shown = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  const problem = failure === undefined ? '' : ` (${failure})`;
  return `  ${instance}: ${shown.join(', ') || 'no incidents'}${problem}`;
}

function title({ files, asked, isInterrupted, failure, seconds }: ImportResult): string {
  const names = asked === 1 && files[0] ? files[0].file : `${formatCount(asked)} files`;
  const time = `${seconds.toFixed(1)} s`;
  if (isInterrupted) return `Interrupted after ${time}`;
  return failure === undefined ? `Imported ${names} in ${time}` : `Stopped after ${time}`;
}

function lastLine(result: ImportResult, again: string): string[] {
  if (result.isInterrupted) return ['Run the same command again to resume:', `  ${again}`];
  const unread = result.asked - result.files.length;
  if (result.failure !== undefined)
    return [
      `Not finished: ${result.failure}`,
      ...(unread > 0 ? [`Not read: ${formatCount(unread)} of ${formatCount(result.asked)} files.`] : []),
      'Fix the cause, then run the same command again to resume:',
      `  ${again}`,
    ];
  return [];
}

/**
 * The result for people. `again` is the command that was typed; `command` returns one that imports another file in the same
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
    ['known', 'already imported'],
    ['misfits', 'do not match the schema of their origin (delivered untyped)'],
    ['unknown', 'with an unknown origin'],
    ['rejected', 'rejected: invalid input'],
  ];
  const rows = counts.filter(([key]) => key === 'accepted' || sum(files, key) > 0);
  const width = Math.max(...rows.map(([key]) => formatCount(sum(files, key)).length));
  const lines = [
    style('bold', escapeControls(title(result)), terminal),
    ...rows.map(([key, what]) => `  ${formatCount(sum(files, key)).padStart(width)} ${what}`),
    ...result.lanes.map(laneLine).map(escapeControls),
    ...files.flatMap(({ file, failure }) =>
      failure === undefined ? [] : [`${escapeControls(file)} was not read completely: ${failure}`],
    ),
  ];
  const { rejects, deadLetters } = result;
  if (rejects)
    lines.push(
      `Rejected input (${formatCount(rejects.count)}) was written with position and reason; fix it and import it:`,
      `  ${words.command(rejects.file)}`,
    );
  if (deadLetters)
    lines.push(
      `Dead letters (${formatCount(deadLetters.count)}) were written with their reasons to ${escapeControls(deadLetters.file)}`,
    );
  const isNothingNew = sum(files, 'accepted') + sum(files, 'rejected') === 0 && importExitCode(result) === 0;
  if (isNothingNew)
    lines.push(
      files.every(({ source }) => source === undefined)
        ? 'Nothing to import: the input is empty.'
        : 'Already imported: nothing new.',
    );
  return `${[...lines, ...lastLine(result, words.again)].join('\n')}\n`;
}
