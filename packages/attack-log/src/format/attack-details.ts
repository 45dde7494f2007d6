import { formatCount } from '@ihandler/core/kit';
import type { ConnectionDetails, StoredRow, StoredValue, VirusTotalReport } from '../read/attack.ts';
import { type Detail, type DetailStyle, detail, pairs, rowWith, type TimedDetail } from './detail.ts';
import { formatEndpoint } from './endpoint.ts';
import { captureLines, hasOwnDetails, outcomeOf, ownDetails } from './own-details.ts';
import { profileLines } from './profile-lines.ts';
import { formatValue, isBlank, quoted, storedText } from './stored-text.ts';
import { formatTimeIn, storedTime } from './stored-time.ts';

function p0f(row: StoredRow, { styles }: DetailStyle): Detail {
  const system = [row['p0f_genre'], row['p0f_detail']].filter((value) => !isBlank(value));
  const notable = ['link', 'dist', 'uptime', 'tos', 'nat', 'fw'].filter(
    (name) => !['', '0', '-1'].includes(storedText(row[`p0f_${name}`])),
  );
  const rest = notable.map((name) => `${styles.dim(name)} ${formatValue(row[`p0f_${name}`])}`);
  return detail('p0f', [system.map((value) => formatValue(value)).join(' ') || '?', ...rest].join(', '));
}

function bind(row: StoredRow, { styles }: DetailStyle): Detail {
  const name = isBlank(row['dcerpcservice_name']) ? '' : ` ${formatValue(row['dcerpcservice_name'])}`;
  const syntax = `${styles.dim('transfersyntax')} ${formatValue(row['dcerpcbind_transfersyntax'])}`;
  return detail('dcerpc bind', `${formatValue(row['dcerpcbind_uuid'])}${name} ${syntax}`);
}

function request(row: StoredRow, { styles }: DetailStyle): Detail {
  const words = [formatValue(row['dcerpcrequest_uuid'])];
  if (!isBlank(row['dcerpcservice_name'])) words.push(formatValue(row['dcerpcservice_name']));
  words.push(`${styles.dim('opnum')} ${formatValue(row['dcerpcrequest_opnum'])}`);
  if (!isBlank(row['dcerpcserviceop_name'])) words.push(formatValue(row['dcerpcserviceop_name']));
  if (!isBlank(row['dcerpcserviceop_vuln'])) words.push(styles.red(formatValue(row['dcerpcserviceop_vuln'])));
  return detail('dcerpc request', words.join(' '));
}

function verdict({ row, scans }: VirusTotalReport, style: DetailStyle): string[] {
  const names = scans.map((scan) => scan['virustotalscan_result']).filter((result) => !isBlank(result));
  const share = scans.length === 0 ? 0 : Math.round((names.length / scans.length) * 100);
  const ratio = `${names.length}/${scans.length} (${share}%)`;
  const time = formatTimeIn(storedTime(row['virustotal_timestamp']), style);
  const distinct = [...new Set(names.map((name) => formatValue(name, 80)))];
  const most = 8;
  const list = distinct.slice(0, most).join(', ');
  const lines = [
    `virustotal ${names.length > 0 ? style.styles.red(ratio) : ratio} ${time} ${formatValue(row['virustotal_permalink'])}`,
  ];
  if (distinct.length > 0)
    lines.push(list + (distinct.length > most ? `, … ${formatCount(distinct.length - most)} more` : ''));
  return lines;
}

function download(row: StoredRow, details: ConnectionDetails, style: DetailStyle): Detail {
  const { download_md5_hash: md5, download_url: url } = row;
  const reports = details.virustotals.get(storedText(md5).toLowerCase()) ?? [];
  const age = ({ row: report }: VirusTotalReport) => storedTime(report['virustotal_timestamp']) ?? 0;
  const newest = [...reports].sort((a, b) => age(b) - age(a))[0];
  const capture = rowWith(details.ihandler_downloads, 'download', row['download']);
  // A sensor may know only one of the hashes.
  const name = isBlank(md5) && capture !== undefined && !isBlank(capture['sha256']) ? capture['sha256'] : md5;
  const text = `${style.styles.yellow(formatValue(name))}${isBlank(url) ? '' : ` ${formatValue(url)}`}`;
  const judged = newest === undefined ? [] : verdict(newest, style);
  return detail(
    'download',
    text,
    ...captureLines(capture, name, details, style, judged.length > 0),
    ...judged,
  );
}

function mysqlCommand({ row, args }: ConnectionDetails['mysql_commands'][number]): Detail {
  const { mysql_command_op_name: name, mysql_command_cmd: command } = row;
  const list = args.map((arg) => quoted(arg['mysql_command_arg_data'])).join(', ');
  return detail(
    'mysql command',
    `${isBlank(name) ? `command ${formatValue(command)}` : formatValue(name)}(${list})`,
  );
}

function sipAddress(row: StoredRow): string {
  const part = (name: string): StoredValue | undefined => row[`sip_addr_${name}`];
  const port = isBlank(part('uri_port')) ? '' : `:${formatValue(part('uri_port'))}`;
  const user = isBlank(part('uri_user')) ? '' : `${formatValue(part('uri_user'))}@`;
  const name = isBlank(part('display_name')) ? '' : `${quoted(part('display_name'))} `;
  return `${formatValue(part('type'))}: ${name}${formatValue(part('uri_scheme'))}:${user}${formatValue(part('uri_host'))}${port}`;
}

function sipCommand(command: ConnectionDetails['sip_commands'][number], { styles }: DetailStyle): Detail {
  const words = (row: StoredRow, names: readonly string[]) =>
    names.map((name) => formatValue(row[name])).join(' ');
  const { row } = command;
  const more = [
    ...command.addrs.map(sipAddress),
    ...command.vias.map(
      (via) =>
        `via: ${formatValue(via['sip_via_protocol'])} ${formatEndpoint(via['sip_via_address'] ?? null, via['sip_via_port'] ?? null)}`,
    ),
    ...command.origins.map(
      (origin) =>
        `o: ${words(
          origin,
          ['username', 'sess_id', 'sess_version', 'nettype', 'addrtype', 'unicast_address'].map(
            (name) => `sip_sdp_origin_${name}`,
          ),
        )}`,
    ),
    ...command.connectiondatas.map(
      (data) =>
        `c: ${words(
          data,
          ['nettype', 'addrtype', 'connection_address', 'ttl', 'number_of_addresses'].map(
            (name) => `sip_sdp_connectiondata_${name}`,
          ),
        )}`,
    ),
    ...command.medias.map(
      (media) =>
        `m: ${words(
          media,
          ['media', 'port', 'number_of_ports', 'proto'].map((name) => `sip_sdp_media_${name}`),
        )}`,
    ),
  ];
  const rest = pairs(row, 'sip_command_', ['call_id', 'user_agent'], styles);
  return detail('sip', `${formatValue(row['sip_command_method'])} ${rest}`, ...more);
}

/** The details in dionaea's tables, in the order of its readlogsqltree. */
function* dionaeaDetails(details: ConnectionDetails, style: DetailStyle): Generator<TimedDetail> {
  const { styles } = style;
  for (const row of details.p0fs) yield [row, p0f(row, style)];
  for (const row of details.dcerpcbinds) yield [row, bind(row, style)];
  for (const row of details.dcerpcrequests) yield [row, request(row, style)];
  for (const row of details.emu_profiles)
    yield [row, detail('profile', ...profileLines(storedText(row['emu_profile_json']), style.room))];
  for (const row of details.offers) yield [row, detail('offer', formatValue(row['offer_url']))];
  for (const row of details.downloads) yield [row, download(row, details, style)];
  for (const row of details.emu_services)
    yield [row, detail('service', styles.magenta(formatValue(row['emu_service_url'])))];
  for (const row of details.logins)
    yield [
      row,
      detail(
        'login',
        `${outcomeOf(row, details, styles)}${styles.dim('user')} ${quoted(row['login_username'])} ${styles.dim('password')} ${quoted(row['login_password'])}`,
      ),
    ];
  for (const row of details.mssql_fingerprints)
    yield [
      row,
      detail('mssql client', pairs(row, 'mssql_fingerprint_', ['hostname', 'appname', 'cltintname'], styles)),
    ];
  for (const row of details.mssql_commands)
    yield [
      row,
      detail(
        'mssql command',
        `${quoted(row['mssql_command_cmd'])} ${styles.dim(formatValue(row['mssql_command_status']))}`,
      ),
    ];
  for (const command of details.mysql_commands) yield [command.row, mysqlCommand(command)];
  for (const command of details.sip_commands) yield [command.row, sipCommand(command, style)];
  for (const row of details.mqtt_fingerprints)
    yield [
      row,
      detail(
        'mqtt client',
        pairs(
          row,
          'mqtt_fingerprint_',
          ['clientid', 'username', 'password', 'willtopic', 'willmessage'],
          styles,
        ),
      ),
    ];
  for (const row of details.mqtt_publish_commands)
    yield [
      row,
      detail(
        'mqtt publish',
        `${quoted(row['mqtt_publish_command_topic'])} ${quoted(row['mqtt_publish_command_message'])}`,
      ),
    ];
  for (const row of details.mqtt_subscribe_commands)
    yield [
      row,
      detail(
        'mqtt subscribe',
        `${quoted(row['mqtt_subscribe_command_topic'])} ${styles.dim('message')} ${formatValue(row['mqtt_subscribe_command_messageid'])}`,
      ),
    ];
}

/**
 * All details of a connection. Those in dionaea's tables have the order of its readlogsqltree. With details in our tables, all have
 * the order of their times, so that one reads what the attacker did; those without a time come first.
 */
export function attackDetails(details: ConnectionDetails, style: DetailStyle): readonly Detail[] {
  const all = [...dionaeaDetails(details, style), ...ownDetails(details, style)];
  if (hasOwnDetails(details)) {
    const timeOf = ([row]: TimedDetail) => storedTime(row['time']) ?? Number.NEGATIVE_INFINITY;
    all.sort((a, b) => (timeOf(a) === timeOf(b) ? 0 : timeOf(a) - timeOf(b)));
  }
  return all.map(([, each]) => each);
}
