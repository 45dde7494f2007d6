import { escapeControls, type Terminal } from '@ihandler/core';
import { formatBytes, formatCount, formatDuration, formatTime } from '@ihandler/core/kit';
import { type HostStatus, problemsOf } from '@ihandler/host';
import { style } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap-text.ts';

type InstanceStatus = HostStatus['ihandlers'][number];
type SourceState = HostStatus['sources'][number];

/** The longest name in a table, in characters. */
const WIDEST_NAME = 16;

/** A count in at most seven characters: `999,999`, `1.23M`, `12.3G`. */
function shortCount(count: number): string {
  if (Math.abs(count) < 1e6) return Number.isInteger(count) ? formatCount(count) : count.toFixed(1);
  const [unit, letter] = Math.abs(count) < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  const value = count / unit;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)}${letter}`;
}

/** A row of a table, and lines about it below. */
interface Row {
  readonly cells: readonly string[];
  readonly notes: readonly string[];
}

/** The first two columns are text, the others numbers, aligned right. */
function table(title: readonly string[], rows: readonly Row[], terminal: Pick<Terminal, 'color'>): string[] {
  const widths = title.map((head, column) =>
    Math.max(head.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [
    style('bold', line(title), terminal),
    ...rows.flatMap(({ cells, notes }) => [line(cells), ...notes]),
  ];
}

function nameOf(instance: string): string {
  const name = escapeControls(instance);
  return name.length > WIDEST_NAME ? `${name.slice(0, WIDEST_NAME - 1)}…` : name;
}

/** A text below a row, wrapped to the width of the terminal. */
function note(text: string, columns: number): string {
  return wrapText(`    ${escapeControls(text)}`, 4, columns);
}

/** The counters of a handler, on lines below its row. */
function countNotes(counters: InstanceStatus['counters'], columns: number): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(counters)) {
    const count = `${name} ${shortCount(value)}`;
    const longer = lines.length === 0 ? count : `${lines.at(-1)}, ${count}`;
    if (lines.length > 0 && longer.length + 5 < columns) lines[lines.length - 1] = longer;
    else lines.push(count);
  }
  return lines.map((line) => note(line, columns));
}

function instanceNotes(one: InstanceStatus, at: number, columns: number): string[] {
  const { state, since, failure, counters, instance, counts, isolated } = one;
  const lost = [
    ...(counts.dropped > 0 ? [`${shortCount(counts.dropped)} dropped as dead letters`] : []),
    ...(counts.lost > 0 ? [`${shortCount(counts.lost)} lost to retention`] : []),
  ];
  return [
    ...(escapeControls(instance).length > WIDEST_NAME ? [note(`= ${instance}`, columns)] : []),
    ...(state === 'stuck' && since !== null
      ? [note(`stopped responding at ${formatTime(since)} (${formatDuration(at - since)} ago)`, columns)]
      : []),
    ...(state === 'not running' && since !== null
      ? [note(`last ran ${formatDuration(at - since)} ago`, columns)]
      : []),
    ...(state === 'waiting' && since !== null
      ? [note(`retrying for ${formatDuration(at - since)}`, columns)]
      : []),
    ...(failure === null ? [] : [note(failure, columns)]),
    ...(isolated ? [note(`isolated, at most ${formatBytes(isolated.limits.memory)}`, columns)] : []),
    ...(lost.length > 0 ? [note(lost.join(', '), columns)] : []),
    ...countNotes(counters, columns),
  ];
}

function instances(
  { ihandlers, at, pid }: HostStatus,
  columns: number,
  terminal: Pick<Terminal, 'color'>,
): string[] {
  if (ihandlers.length === 0) return pid === null ? [] : ['', 'No handlers: incidents are only stored.'];
  const title = ['IHANDLER', 'STATE', 'PENDING', 'OLDEST', 'DELIVERED', 'FILTERED', 'DEAD'];
  const rows = ihandlers.map((one) => ({
    cells: [
      nameOf(one.instance),
      one.state,
      shortCount(one.pending),
      one.oldestPending === null ? '-' : formatDuration(at - one.oldestPending),
      shortCount(one.counts.delivered),
      shortCount(one.counts.filtered),
      shortCount(one.counts.dead),
    ],
    notes: instanceNotes(one, at, columns),
  }));
  return ['', ...table(title, rows, terminal)];
}

function sourceRow(one: SourceState, { at, startedAt }: HostStatus, columns: number): Row {
  const silentSince = one.reportedAt ?? startedAt;
  return {
    cells: [
      nameOf(one.instance),
      one.state,
      shortCount(one.accepted),
      shortCount(one.known),
      shortCount(one.rejected),
      shortCount(one.misfits),
      silentSince === null ? '-' : formatDuration(at - silentSince),
    ],
    notes: one.failure === null ? [] : [note(one.failure, columns)],
  };
}

function sources(status: HostStatus, columns: number, terminal: Pick<Terminal, 'color'>): string[] {
  if (status.sources.length === 0) return [];
  const title = ['SOURCE', 'STATE', 'ACCEPTED', 'KNOWN', 'REJECTED', 'MISFITS', 'SILENT'];
  const rows = status.sources.map((one) => sourceRow(one, status, columns));
  return ['', ...table(title, rows, terminal)];
}

function journalLines({ journal }: HostStatus): string[] {
  if (journal === null) return [];
  const { name, where, entries, bytes, limit, free } = journal;
  const size = [
    ...(bytes === null ? [] : [`${formatBytes(bytes)}${limit === null ? '' : ` of ${formatBytes(limit)}`}`]),
    `${shortCount(entries)} incidents`,
    ...(free === null ? [] : [`${formatBytes(free)} free on its disk`]),
  ];
  return [
    `journal ${escapeControls(name)}${where === null ? '' : ` ${escapeControls(where)}`}`,
    `  ${size.join(', ')}`,
  ];
}

function titleOf({ pid, startedAt, at, data, sensor }: HostStatus): string {
  if (pid === null) return `ihandler is not running on ${escapeControls(data)}`;
  const state = startedAt === null ? 'is running' : `has been running for ${formatDuration(at - startedAt)}`;
  return `ihandler ${state}, process ${pid}, sensor ${escapeControls(sensor ?? '?')}`;
}

/** The status of a host as text and tables that fit 80 columns. */
export function formatStatus(status: HostStatus, terminal: Pick<Terminal, 'color' | 'columns'>): string {
  const columns = terminal.columns ?? 80;
  const problems = problemsOf(status).map(({ about, problem }) =>
    wrapText(escapeControls(`! ${about}: ${problem}`), 2, columns),
  );
  const lines = [
    style('bold', titleOf(status), terminal),
    ...journalLines(status),
    ...instances(status, columns, terminal),
    ...sources(status, columns, terminal),
    ...(problems.length > 0 ? ['', ...problems] : []),
  ];
  return `${lines.join('\n')}\n`;
}
