import { formatCount, formatDuration } from '@ihandler/core/kit';
import type { ConnectionDetails, ConnectionNode, StoredRow } from '../read/attack.ts';
import { type Step, walk } from '../read/walk.ts';
import { attackDetails, type Detail } from './attack-details.ts';
import { formatEndpoint } from './endpoint.ts';
import { isBlank, shown, storedText } from './stored-text.ts';
import { formatTimeIn, storedTime, type ZoneOptions } from './stored-time.ts';
import { type Styles, stylesFor } from './styles.ts';
import { wrapLine } from './wrap-line.ts';

/** How an attack is shown. */
export interface FormatOptions extends ZoneOptions {
  /** ANSI colours. @default false */
  readonly color?: boolean;
  /** How wide the terminal is: lines are broken to it, in line with what they belong to. @default as wide as it takes */
  readonly columns?: number;
}

// Of deeper connections the depth is told, not drawn: a chain of thousands would be mostly lines.
const DEEPEST = 24;
const LABEL_WIDTH = 15;
// Deep in a tree lines grow wider than the terminal rather than narrower than this.
const NARROWEST = 40;
// A scanner that tries ten thousand passwords on one connection should not bury the rest; --json shows all.
const MOST_OF_A_KIND = 50;

function typed(row: StoredRow, styles: Styles): string {
  const text = shown(row['connection_type'], 20);
  if (text === 'accept') return styles.green(text);
  if (text === 'connect') return styles.yellow(text);
  return text === 'listen' ? styles.cyan(text) : styles.magenta(text);
}

function ends(row: StoredRow, styles: Styles): string {
  const local = formatEndpoint(row['local_host'], row['local_port']);
  const type = storedText(row['connection_type']);
  if (type === 'listen') return local;
  const remote = styles.bold(formatEndpoint(row['remote_host'], row['remote_port']));
  const name = isBlank(row['remote_hostname']) ? '' : ` (${shown(row['remote_hostname'], 260)})`;
  return `${local} ${type === 'connect' ? '->' : '<-'} ${remote}${name}`;
}

function connectionLine(row: StoredRow, started: number | undefined, styles: Styles): string {
  const name = styles.bold(`connection ${shown(row['connection'], 30)}`);
  const protocol = shown(row['connection_protocol'], 60);
  const transport = shown(row['connection_transport'], 20);
  const time = storedTime(row['connection_timestamp']);
  const after =
    started === undefined || time === undefined
      ? ''
      : styles.dim(` ${time < started ? '-' : '+'}${formatDuration(time - started)}`);
  return `${name} ${protocol} ${transport} ${typed(row, styles)} ${ends(row, styles)}${after}`;
}

/** Writes equal neighbours once, with how many they are, and of a long run of one kind only the first ones. */
function* folded(details: Iterable<Detail>, { dim }: Styles): Generator<Detail> {
  let last: Detail | undefined;
  let times = 0;
  let ofKind = 0;
  const said = (): Detail[] => {
    if (last === undefined || ofKind > MOST_OF_A_KIND) return [];
    return [times > 1 ? { ...last, text: `${last.text} ${dim(`×${formatCount(times)}`)}` } : last];
  };
  const left = (): Detail[] =>
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
    yield* said();
    if (last?.label !== detail.label) {
      yield* left();
      ofKind = 0;
    }
    last = detail;
    times = 1;
    ofKind += 1;
  }
  yield* said();
  yield* left();
}

function detailLines(
  details: ConnectionDetails,
  prefix: string,
  options: FormatOptions,
  styles: Styles,
): string[] {
  const room = Math.max(NARROWEST, (options.columns ?? 120) - prefix.length - LABEL_WIDTH - 1);
  const broken = (text: string) => (options.columns === undefined ? [text] : wrapLine(text, room));
  const lines: string[] = [];
  for (const { label, text, more } of folded(attackDetails(details, { ...options, styles, room }), styles)) {
    const [first = '', ...rest] = broken(text);
    lines.push(`${styles.dim(prefix)}${styles.cyan(label.padEnd(LABEL_WIDTH))} ${first}`);
    for (const line of [...rest, ...more.flatMap(broken)])
      lines.push(`${styles.dim(prefix)}${' '.repeat(LABEL_WIDTH + 1)}${line}`);
  }
  return lines;
}

/** The line of a connection, and what of it has no room there, in line with its details. */
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

/** Keeps the lines that lead from a connection to its children while a tree is drawn. */
function createBranches() {
  const trunks: string[] = [];
  return {
    /** What stands before a connection, and before what is said of it. */
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
 * An attack for people: when it began, then each connection with everything known of it. Equal neighbours are counted,
 * long profiles folded, huge values cut; nothing in it can reach the terminal as anything but text.
 */
export function formatAttack(attack: ConnectionNode, options: FormatOptions = {}): string {
  const styles = stylesFor(options.color === true);
  const started = storedTime(attack.row['connection_timestamp']);
  const sensor = isBlank(attack.row['sensor']) ? '' : styles.dim(` on ${shown(attack.row['sensor'], 100)}`);
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
