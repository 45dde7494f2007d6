import { formatCount, formatDuration } from '@ihandler/core/kit';
import type { ConnectionDetails, ConnectionNode, StoredRow } from '../read/attack.ts';
import { type Step, walk } from '../read/walk.ts';
import { attackDetails } from './attack-details.ts';
import type { Detail } from './detail.ts';
import { formatEndpoint } from './endpoint.ts';
import { formatValue, isBlank, storedText } from './stored-text.ts';
import { formatTimeIn, storedTime, type ZoneOptions } from './stored-time.ts';
import { type Styles, stylesFor } from './styles.ts';
import { wrapLine } from './wrap-line.ts';

/** How to format an attack. */
export interface FormatOptions extends ZoneOptions {
  /** ANSI colours. @default false */
  readonly color?: boolean;
  /** Width of the terminal: longer lines are wrapped and indented. @default unlimited */
  readonly columns?: number;
}

// Deeper connections show their depth as a number: in a chain of thousands, most of the output would be lines of the tree.
const DEEPEST = 24;
const LABEL_WIDTH = 15;
// Deep in a tree, lines are wider than the terminal rather than narrower than this.
const NARROWEST = 40;
// Ten thousand passwords tried on one connection must not hide everything else; --json shows all of them.
const MOST_OF_A_KIND = 50;

function connectionType(row: StoredRow, styles: Styles): string {
  const text = formatValue(row['connection_type'], 20);
  if (text === 'accept') return styles.green(text);
  if (text === 'connect') return styles.yellow(text);
  return text === 'listen' ? styles.cyan(text) : styles.magenta(text);
}

function endpoints(row: StoredRow, styles: Styles): string {
  const local = formatEndpoint(row['local_host'], row['local_port']);
  const type = storedText(row['connection_type']);
  if (type === 'listen') return local;
  const remote = styles.bold(formatEndpoint(row['remote_host'], row['remote_port']));
  const name = isBlank(row['remote_hostname']) ? '' : ` (${formatValue(row['remote_hostname'], 260)})`;
  return `${local} ${type === 'connect' ? '->' : '<-'} ${remote}${name}`;
}

function connectionLine(row: StoredRow, started: number | undefined, styles: Styles): string {
  const name = styles.bold(`connection ${formatValue(row['connection'], 30)}`);
  const protocol = formatValue(row['connection_protocol'], 60);
  const transport = formatValue(row['connection_transport'], 20);
  const time = storedTime(row['connection_timestamp']);
  const after =
    started === undefined || time === undefined
      ? ''
      : styles.dim(` ${time < started ? '-' : '+'}${formatDuration(time - started)}`);
  return `${name} ${protocol} ${transport} ${connectionType(row, styles)} ${endpoints(row, styles)}${after}`;
}

/** Merges equal neighbours into one with a count, and shortens a long run of one kind. */
function* folded(details: Iterable<Detail>, { dim }: Styles): Generator<Detail> {
  let last: Detail | undefined;
  let times = 0;
  let ofKind = 0;
  const merged = (): Detail[] => {
    if (last === undefined || ofKind > MOST_OF_A_KIND) return [];
    return [times > 1 ? { ...last, text: `${last.text} ${dim(`×${formatCount(times)}`)}` } : last];
  };
  const rest = (): Detail[] =>
    last === undefined || ofKind <= MOST_OF_A_KIND
      ? []
      : [{ label: last.label, text: dim(`… ${formatCount(ofKind - MOST_OF_A_KIND)} more`), more: [] }];
  for (const detail of details) {
    if (
      last?.label === detail.label &&
      last.text === detail.text &&
      last.more.join() === detail.more.join()
    ) {
      times += 1;
      continue;
    }
    yield* merged();
    if (last?.label !== detail.label) {
      yield* rest();
      ofKind = 0;
    }
    last = detail;
    times = 1;
    ofKind += 1;
  }
  yield* merged();
  yield* rest();
}

function detailLines(
  details: ConnectionDetails,
  prefix: string,
  options: FormatOptions,
  styles: Styles,
): string[] {
  const room = Math.max(NARROWEST, (options.columns ?? 120) - prefix.length - LABEL_WIDTH - 1);
  const wrapped = (text: string) => (options.columns === undefined ? [text] : wrapLine(text, room));
  const lines: string[] = [];
  for (const { label, text, more } of folded(attackDetails(details, { ...options, styles, room }), styles)) {
    const [first = '', ...rest] = wrapped(text);
    lines.push(`${styles.dim(prefix)}${styles.cyan(label.padEnd(LABEL_WIDTH))} ${first}`);
    for (const line of [...rest, ...more.flatMap(wrapped)])
      lines.push(`${styles.dim(prefix)}${' '.repeat(LABEL_WIDTH + 1)}${line}`);
  }
  return lines;
}

/** The line of a connection, wrapped so that further lines align with its details. */
function connectionLines(
  before: string,
  line: string,
  under: string,
  { columns }: FormatOptions,
  { dim }: Styles,
): string[] {
  const indent = `${under}  `;
  const room =
    columns === undefined ? Number.POSITIVE_INFINITY : Math.max(NARROWEST, columns - indent.length);
  const [first = '', ...rest] = wrapLine(line, room);
  return [dim(before) + first, ...rest.map((part) => dim(indent) + part)];
}

/** Draws the lines that lead from a connection to its children. */
function createBranches() {
  const trunks: string[] = [];
  return {
    /** The prefixes of a connection and of its details. */
    at({ depth, last, children }: Step): { readonly connection: string; readonly details: string } {
      trunks.length = Math.min(depth, DEEPEST);
      const above = trunks.slice(1).join('');
      if (depth > 0 && depth < DEEPEST) trunks[depth] = last ? '   ' : '│  ';
      const here = depth === 0 ? '' : `${above}${last ? '└─ ' : '├─ '}`;
      const under = depth === 0 ? '' : `${above}${last ? '   ' : '│  '}`;
      const deep = depth > DEEPEST ? `(depth ${depth}) ` : '';
      return { connection: here + deep, details: `${under}${children > 0 ? '│  ' : '   '}` };
    },
  };
}

/**
 * Formats an attack for a terminal: the time when it began, then each connection with its details. Counts equal neighbours,
 * shortens long profiles, cuts huge values and escapes every control character.
 */
export function formatAttack(attack: ConnectionNode, options: FormatOptions = {}): string {
  const styles = stylesFor(options.color === true);
  const started = storedTime(attack.row['connection_timestamp']);
  const sensor = isBlank(attack.row['sensor'])
    ? ''
    : styles.dim(` on ${formatValue(attack.row['sensor'], 100)}`);
  const lines = [`${styles.blue(formatTimeIn(started, options))}${sensor}`];
  const branches = createBranches();
  for (const step of walk(attack)) {
    if (step.kind === 'leave') continue;
    const { connection, details } = branches.at(step);
    const { row } = step.node;
    lines.push(
      ...connectionLines(
        connection,
        connectionLine(row, step.depth === 0 ? undefined : started, styles),
        details,
        options,
        styles,
      ),
      ...detailLines(step.node.details, details, options, styles),
    );
  }
  return `${lines.join('\n')}\n`;
}
