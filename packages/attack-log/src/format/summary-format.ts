import { formatCount, formatDuration } from '@ihandler/core/kit';
import type { StoredValue, Summary, ValueCount } from '../read/attack.ts';
import { formatValue, storedText } from './stored-text.ts';
import { formatTimeIn, type ZoneOptions } from './stored-time.ts';
import { type Styles, stylesFor } from './styles.ts';

/** How to format a summary. */
export interface SummaryOptions extends ZoneOptions {
  /** ANSI colours. @default false */
  readonly color?: boolean;
  /** Width of the terminal. @default 100 */
  readonly columns?: number;
}

const LABEL_WIDTH = 12;
const MOST_SHOWN = 5;

const word = (value: StoredValue | undefined) =>
  storedText(value) === '' ? '(empty)' : formatValue(value, 60);

/** The most frequent values that fit on the line, with their counts. */
function top(counted: readonly ValueCount[], room: number, { dim }: Styles): string {
  let text = '';
  let left = room;
  for (const { value, count } of counted.slice(0, MOST_SHOWN)) {
    const name = value.map(word).join(' / ');
    left -= name.length + formatCount(count).length + 4;
    if (text !== '' && left < 0) break;
    text += `${text === '' ? '' : ', '}${name} ${dim(`×${formatCount(count)}`)}`;
  }
  return text === '' ? dim('none') : text;
}

/** Formats the summary of a database, in exactly ten lines. */
export function formatSummary(summary: Summary, options: SummaryOptions = {}): string {
  const styles = stylesFor(options.color === true);
  const room = (options.columns ?? 100) - LABEL_WIDTH - 2;
  const { first, last } = summary;
  const time = (at: number | null) => (at === null ? styles.dim('never') : formatTimeIn(at, options));
  const span = first === null || last === null ? '' : styles.dim(` (${formatDuration(last - first)} later)`);
  const lines: readonly (readonly [string, string])[] = [
    ['First seen', time(first)],
    ['Last seen', time(last) + span],
    ['Attacks', styles.bold(formatCount(summary.attacks))],
    ['Connections', formatCount(summary.connections)],
    ['Sources', formatCount(summary.sources, 'address', 'addresses')],
    ['Protocols', top(summary.protocols, room, styles)],
    [
      'Logins',
      formatCount(summary.logins, 'attempt') +
        (summary.commands === 0 ? '' : `, ${formatCount(summary.commands, 'command')}`),
    ],
    ['Credentials', top(summary.credentials, room, styles)],
    [
      'URLs',
      summary.offers === 0
        ? styles.dim('none')
        : `${formatCount(summary.offers, 'offer')}: ${top(summary.urls, room - 14, styles)}`,
    ],
    [
      'Samples',
      summary.downloads === 0
        ? styles.dim('none')
        : `${formatCount(summary.downloads, 'download')}: ${top(summary.samples, room - 16, styles)}`,
    ],
  ];
  return lines.map(([label, text]) => `${styles.cyan(label.padEnd(LABEL_WIDTH))} ${text}\n`).join('');
}
