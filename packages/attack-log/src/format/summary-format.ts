import type { Counted, Stored, Summary } from '../read/tree-model.ts';
import { formatDuration, formatTime, type ZoneOptions } from './clock.ts';
import { type Paint, paintFor } from './paint.ts';
import { shown, storedText } from './stored-text.ts';

/** How a summary is shown. */
export interface SummaryOptions extends ZoneOptions {
  /** ANSI colours. @default false */
  readonly color?: boolean;
  /** How wide the terminal is. @default 100 */
  readonly columns?: number;
}

const LABEL_WIDTH = 12;
const MOST_SHOWN = 5;

const word = (value: Stored | undefined) => (storedText(value) === '' ? '(empty)' : shown(value, 60));

/** The most frequent values that fit on the line, with how often each occurred. */
function top(counted: readonly Counted[], room: number, { dim }: Paint): string {
  let text = '';
  let left = room;
  for (const { value, count } of counted.slice(0, MOST_SHOWN)) {
    const name = value.map(word).join(' / ');
    left -= name.length + String(count).length + 4;
    if (text !== '' && left < 0) break;
    text += `${text === '' ? '' : ', '}${name} ${dim(`×${count}`)}`;
  }
  return text === '' ? dim('none') : text;
}

const counted = (count: number, one: string, many = `${one}s`) =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;

/** What a database holds, in exactly ten lines. */
export function formatSummary(summary: Summary, options: SummaryOptions = {}): string {
  const paint = paintFor(options.color === true);
  const room = (options.columns ?? 100) - LABEL_WIDTH - 2;
  const { first, last } = summary;
  const time = (at: number | null) => (at === null ? paint.dim('never') : formatTime(at, options));
  const span = first === null || last === null ? '' : paint.dim(` (${formatDuration(last - first)} later)`);
  const lines: readonly (readonly [string, string])[] = [
    ['First seen', time(first)],
    ['Last seen', time(last) + span],
    ['Attacks', paint.bold(summary.attacks.toLocaleString('en-US'))],
    ['Connections', summary.connections.toLocaleString('en-US')],
    ['Sources', counted(summary.sources, 'address', 'addresses')],
    ['Protocols', top(summary.protocols, room, paint)],
    ['Logins', counted(summary.logins, 'attempt')],
    ['Credentials', top(summary.credentials, room, paint)],
    [
      'URLs',
      summary.offers === 0
        ? paint.dim('none')
        : `${counted(summary.offers, 'offer')}: ${top(summary.urls, room - 14, paint)}`,
    ],
    [
      'Samples',
      summary.downloads === 0
        ? paint.dim('none')
        : `${counted(summary.downloads, 'download')}: ${top(summary.samples, room - 16, paint)}`,
    ],
  ];
  return lines.map(([label, text]) => `${paint.cyan(label.padEnd(LABEL_WIDTH))} ${text}\n`).join('');
}
