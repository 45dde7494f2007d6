import { formatDuration } from '@ihandler/core/kit';
import type { ConnectionDetails, StoredRow, StoredValue } from '../read/attack.ts';
import { type DetailStyle, detail, pairs, rowWith, type TimedDetail } from './detail.ts';
import { formatValue, isBlank, quoted, storedText } from './stored-text.ts';
import { formatTimeIn, storedTime } from './stored-time.ts';
import type { Styles } from './styles.ts';

/** How much of one value is shown that may be a whole payload. */
const LONGEST_EVIDENCE = 200;

/** Whether a connection has details in our tables. */
export function hasOwnDetails(details: ConnectionDetails): boolean {
  return (
    details.ihandler_commands.length > 0 ||
    details.ihandler_login_outcomes.length > 0 ||
    details.ihandler_requests.length > 0 ||
    details.ihandler_clients.length > 0 ||
    details.ihandler_downloads.length > 0 ||
    details.ihandler_messages.length > 0 ||
    details.ihandler_ttys.length > 0 ||
    details.ihandler_closes.length > 0 ||
    details.ihandler_events.length > 0 ||
    exploitsIn(details).length > 0
  );
}

/** The exploits that the requests in dionaea's own table do not name. */
function exploitsIn({ ihandler_exploits, dcerpcrequests }: ConnectionDetails): readonly StoredRow[] {
  const named = new Set(dcerpcrequests.map((row) => storedText(row['dcerpcserviceop_vuln'])));
  return ihandler_exploits.filter((row) => !named.has(storedText(row['name'])));
}

/** How a login ended, as a mark before its user name. Empty if that is not known. */
export function outcomeOf(login: StoredRow, details: ConnectionDetails, styles: Styles): string {
  const known = rowWith(details.ihandler_login_outcomes, 'login', login['login']);
  const outcome = storedText(known?.['outcome']);
  const mark =
    outcome === 'success' ? `${styles.green('✔')} ` : outcome === 'failure' ? `${styles.red('✘')} ` : '';
  const method = storedText(known?.['method']);
  if (!isBlank(known?.['key'])) return `${mark}${styles.dim('key')} ${formatValue(known?.['key'], 200)} `;
  return method === '' || method === 'password' ? mark : `${mark}${styles.dim(formatValue(method, 40))} `;
}

function ratio(malicious: StoredValue | undefined, total: StoredValue | undefined, styles: Styles): string {
  const text = `${formatValue(malicious, 20)}/${formatValue(total, 20)}`;
  return Number(malicious) > 0 ? styles.red(text) : text;
}

/** The newest verdict on a file. */
function verdictLine(
  hash: StoredValue | undefined,
  details: ConnectionDetails,
  style: DetailStyle,
): readonly string[] {
  const wanted = storedText(hash);
  const verdict = details.ihandler_verdicts.findLast(
    (row) => wanted !== '' && [storedText(row['sha256']), storedText(row['md5'])].includes(wanted),
  );
  if (verdict === undefined) return [];
  const time = formatTimeIn(storedTime(verdict['at'] ?? verdict['time']), style);
  const link = isBlank(verdict['permalink']) ? '' : ` ${formatValue(verdict['permalink'])}`;
  return [`verdict ${ratio(verdict['malicious'], verdict['total'], style.styles)} ${time}${link}`];
}

/** The lines under a captured file, whose first line shows `shown`. `isJudged`: it has a report of VirusTotal already. */
export function captureLines(
  capture: StoredRow | undefined,
  shown: StoredValue | undefined,
  details: ConnectionDetails,
  style: DetailStyle,
  isJudged: boolean,
): readonly string[] {
  const { dim } = style.styles;
  const isShown = storedText(capture?.['sha256']) === storedText(shown);
  const facts = ['sha256', 'size', 'name', 'file']
    .filter((name) => !isBlank(capture?.[name]) && !(name === 'sha256' && isShown))
    .map((name) => `${dim(name)} ${formatValue(capture?.[name])}`);
  const verdicts = isJudged ? [] : verdictLine(capture?.['sha256'] ?? shown, details, style);
  return [...(facts.length === 0 ? [] : [facts.join(' ')]), ...verdicts];
}

/** `name value` for a number. */
function figure(row: StoredRow, name: string, { dim }: Styles): string {
  return isBlank(row[name]) ? '' : `${dim(name)} ${formatValue(row[name], 40)}`;
}

const joined = (...parts: string[]) => parts.filter((part) => part !== '').join(' ');

function command(row: StoredRow, { styles }: DetailStyle): string {
  const mark = storedText(row['outcome']) === 'failure' ? `${styles.red('✗')} ` : '';
  const realm = storedText(row['realm']);
  const where = realm === '' || realm === 'shell' ? '' : ` ${styles.dim(formatValue(realm, 40))}`;
  return `${mark}${quoted(row['input'])}${where}`;
}

/** The values of some columns, without those that are missing. */
const words = (row: StoredRow, ...names: readonly string[]) =>
  names.filter((name) => !isBlank(row[name])).map((name) => formatValue(row[name]));

function request(row: StoredRow, { styles }: DetailStyle): string {
  const more = [pairs(row, '', ['host', 'agent'], styles), figure(row, 'status', styles)];
  return joined(...words(row, 'method', 'target'), ...more);
}

function client(row: StoredRow, { styles }: DetailStyle): string {
  const details = isBlank(row['details']) ? '' : styles.dim(formatValue(row['details'], LONGEST_EVIDENCE));
  return joined(...words(row, 'kind', 'version'), pairs(row, '', ['fingerprint'], styles), details);
}

function tty(row: StoredRow, { styles }: DetailStyle): string {
  const lasted = storedTime(row['duration']);
  const time = lasted === undefined ? '' : formatDuration(lasted);
  return joined(...words(row, 'sha256'), figure(row, 'size', styles), ...words(row, 'file'), time);
}

function closed(row: StoredRow): string {
  const lasted = storedTime(row['duration']);
  return lasted === undefined ? 'closed' : `closed after ${formatDuration(lasted)}`;
}

/** The details in our tables that are not shown with a row of dionaea's. */
export function* ownDetails(details: ConnectionDetails, style: DetailStyle): Generator<TimedDetail> {
  const { styles } = style;
  for (const row of details.ihandler_clients) yield [row, detail('client', client(row, style))];
  for (const row of details.ihandler_requests) yield [row, detail('request', request(row, style))];
  for (const row of details.ihandler_commands) yield [row, detail('command', command(row, style))];
  for (const row of exploitsIn(details)) {
    const evidence = isBlank(row['evidence']) ? '' : ` ${quoted(row['evidence'], LONGEST_EVIDENCE)}`;
    yield [row, detail('exploit', `${styles.red(formatValue(row['name'], 200))}${evidence}`)];
  }
  for (const row of details.ihandler_messages)
    yield [row, detail('message', pairs(row, '', ['topic', 'payload'], styles))];
  for (const row of details.ihandler_downloads)
    if (isBlank(row['download'])) {
      const name = isBlank(row['sha256']) ? row['file'] : row['sha256'];
      const lines = captureLines(row, name, details, style, false);
      yield [row, detail('file', styles.yellow(formatValue(name)), ...lines)];
    }
  for (const row of details.ihandler_ttys) yield [row, detail('tty', tty(row, style))];
  for (const row of details.ihandler_events)
    yield [
      row,
      detail('event', `${formatValue(row['origin'], 200)} ${styles.dim(formatValue(row['data'], 300))}`),
    ];
  for (const row of details.ihandler_closes) yield [row, detail('end', closed(row))];
}
