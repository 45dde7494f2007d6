import { escapeControls, type Terminal } from '@ihandler/core';
import { formatBytes, formatCount, formatSpan } from '../host/format.ts';
import type { HostStatus, InstanceStatus, SourceState } from '../host/status/host-status.ts';
import { troubles } from '../host/status/host-status.ts';
import { bold } from '../terminal/terminal.ts';

/** The widest a name may be. */
const WIDEST_NAME = 16;

/** A row of a table, and lines about it below. */
interface Row {
  readonly cells: readonly string[];
  readonly notes: readonly string[];
}

/** The first two columns are words, the others numbers, flush right. */
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
  return [bold(line(title), terminal), ...rows.flatMap(({ cells, notes }) => [line(cells), ...notes])];
}

function nameOf(instance: string): string {
  const name = escapeControls(instance);
  return name.length > WIDEST_NAME ? `${name.slice(0, WIDEST_NAME - 1)}…` : name;
}

/** A line below a row, cut to the terminal: a failure may be long. */
function note(text: string, columns: number): string {
  const line = `    ${escapeControls(text)}`;
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
}

/** What an ihandler counts, on as many lines below its row as it takes. */
function countNotes(counters: InstanceStatus['counters'], columns: number): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(counters)) {
    const count = `${name} ${formatCount(value)}`;
    const longer = lines.length === 0 ? count : `${lines.at(-1)}, ${count}`;
    if (lines.length > 0 && longer.length + 5 < columns) lines[lines.length - 1] = longer;
    else lines.push(count);
  }
  return lines.map((line) => note(line, columns));
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

function instanceNotes(one: InstanceStatus, at: number, columns: number): string[] {
  const { state, since, failure, counters, instance, counts } = one;
  const gone = [
    ...(counts.dropped > 0 ? [`${formatCount(counts.dropped)} dropped as dead letters`] : []),
    ...(counts.lost > 0 ? [`${formatCount(counts.lost)} lost to retention`] : []),
  ];
  return [
    ...(escapeControls(instance).length > WIDEST_NAME ? [note(`= ${instance}`, columns)] : []),
    ...(state === 'stuck' && since !== null
      ? [note(`does not answer since ${clock(since)} UTC (${formatSpan(at - since)})`, columns)]
      : []),
    ...(state === 'not running' && since !== null
      ? [note(`last ran ${formatSpan(at - since)} ago`, columns)]
      : []),
    ...(state === 'waiting' && since !== null
      ? [note(`failing for ${formatSpan(at - since)}`, columns)]
      : []),
    ...(failure === null ? [] : [note(failure, columns)]),
    ...(gone.length > 0 ? [note(gone.join(', '), columns)] : []),
    ...countNotes(counters, columns),
  ];
}

function instances(
  { ihandlers, at, pid }: HostStatus,
  columns: number,
  terminal: Pick<Terminal, 'color'>,
): string[] {
  if (ihandlers.length === 0)
    return pid === null ? [] : ['', 'No ihandler runs: what comes in is only kept.'];
  const title = ['IHANDLER', 'STATE', 'WAITING', 'OLDEST', 'DELIVERED', 'FILTERED', 'DEAD'];
  const rows = ihandlers.map((one) => ({
    cells: [
      nameOf(one.instance),
      one.state,
      formatCount(one.waiting),
      one.oldestWaiting === null ? '-' : formatSpan(at - one.oldestWaiting),
      formatCount(one.counts.delivered),
      formatCount(one.counts.filtered),
      formatCount(one.counts.dead),
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
      formatCount(one.accepted),
      formatCount(one.known),
      formatCount(one.rejected),
      formatCount(one.misfits),
      silentSince === null ? '-' : formatSpan(at - silentSince),
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
    `${formatCount(entries)} incidents`,
    ...(free === null ? [] : [`${formatBytes(free)} free on its disk`]),
  ];
  return [
    `journal ${escapeControls(name)}${where === null ? '' : ` ${escapeControls(where)}`}`,
    `  ${size.join(', ')}`,
  ];
}

function titleOf({ pid, startedAt, at, data, sensor }: HostStatus): string {
  if (pid === null) return `ihandler is not running on ${escapeControls(data)}`;
  const span = startedAt === null ? '' : ` for ${formatSpan(at - startedAt)}`;
  return `ihandler runs${span}, process ${pid}, sensor ${escapeControls(sensor ?? '?')}`;
}

/** A host in words and tables that fit 80 columns. */
export function formatStatus(status: HostStatus, terminal: Pick<Terminal, 'color' | 'columns'>): string {
  const columns = terminal.columns ?? 80;
  const problems = troubles(status).map((text) => `! ${escapeControls(text)}`);
  const lines = [
    bold(titleOf(status), terminal),
    ...journalLines(status),
    ...instances(status, columns, terminal),
    ...sources(status, columns, terminal),
    ...(problems.length > 0 ? ['', ...problems] : []),
  ];
  return `${lines.join('\n')}\n`;
}
