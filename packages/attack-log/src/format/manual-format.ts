import type { ConnectionDetails, ConnectionNode, StoredRow, StoredValue } from '../read/attack.ts';
import { walk } from '../read/walk.ts';
import { pythonRepr } from './python-repr.ts';
import { printed, storedText } from './stored-text.ts';

// Deeper connections get this indentation: in a chain of thousands, most of the output would be blanks.
const DEEPEST = 500;

function endpoints(row: StoredRow): string {
  const { connection_type: type, local_host, local_port, remote_host, remote_hostname, remote_port } = row;
  const local = `${printed(local_host)}:${printed(local_port)}`;
  if (storedText(type) === 'listen') return local;
  const port = printed(remote_port);
  if (storedText(type) === 'connect')
    return `${local} -> ${printed(remote_host)}/${printed(remote_hostname)}:${port}`;
  return `${local} <- ${printed(remote_host)}:${port}`;
}

function connectionLine(row: StoredRow): string {
  const { connection, connection_protocol, connection_transport, connection_type } = row;
  const words = [connection, connection_protocol, connection_transport, connection_type].map(printed);
  return `connection ${words.join(' ')} ${endpoints(row)}`;
}

function p0f(row: StoredRow): string {
  const parts = ['genre', 'detail', 'uptime', 'tos', 'dist', 'nat', 'fw'];
  return `p0f: ${parts.map((part) => `${part}:'${printed(row[`p0f_${part}`])}'`).join(' ')}`;
}

function mysqlCommand({ row, args }: ConnectionDetails['mysql_commands'][number]): string {
  const { mysql_command_cmd: command, mysql_command_op_name: name } = row;
  const code = Number(storedText(command));
  const hex = Number.isInteger(code) ? `0x${code.toString(16).padStart(2, '0')}` : printed(command);
  const list = args.map((arg) => `'${printed(arg['mysql_command_arg_data'])}'`).join(',');
  return `mysql command (${hex}) ${printed(name)}(${list})`;
}

function* sipCommand(command: ConnectionDetails['sip_commands'][number]): Generator<string> {
  const { row, addrs, vias, origins, connectiondatas, medias } = command;
  const all = (of: StoredRow, prefix: string, names: readonly string[]) =>
    names.map((name) => printed(of[`${prefix}_${name}`])).join(' ');
  yield `Method:${printed(row['sip_command_method'])}`;
  yield `Call-ID:${printed(row['sip_command_call_id'])}`;
  yield `User-Agent:${printed(row['sip_command_user_agent'])}`;
  for (const addr of addrs) {
    const [type, name, scheme, user, host, port] = [
      'type',
      'display_name',
      'uri_scheme',
      'uri_user',
      'uri_host',
      'uri_port',
    ].map((part) => printed(addr[`sip_addr_${part}`]));
    yield `  ${type}: <${name}> '${scheme}:${user}@${host}:${port}'`;
  }
  for (const via of vias) {
    const [protocol, address, port] = ['protocol', 'address', 'port'].map((part) =>
      printed(via[`sip_via_${part}`]),
    );
    yield `  via:'${protocol}/${address}:${port}'`;
  }
  for (const origin of origins)
    yield `  o:'${all(origin, 'sip_sdp_origin', ['username', 'sess_id', 'sess_version', 'nettype', 'addrtype', 'unicast_address'])}'`;
  for (const data of connectiondatas)
    yield `  c:'${all(data, 'sip_sdp_connectiondata', ['nettype', 'addrtype', 'connection_address', 'ttl', 'number_of_addresses'])}'`;
  for (const media of medias)
    yield `  m:'${all(media, 'sip_sdp_media', ['media', 'port', 'number_of_ports', 'proto'])}'`;
}

function* detailLines(details: ConnectionDetails): Generator<string> {
  const bind = (row: StoredRow) =>
    `dcerpc bind: uuid '${printed(row['dcerpcbind_uuid'])}' transfersyntax ${printed(row['dcerpcbind_transfersyntax'])}`;
  yield* new Set(details.dcerpcbinds.map(bind));
  for (const { dcerpcrequest_uuid: uuid, dcerpcrequest_opnum: opnum } of details.dcerpcrequests)
    yield `dcerpc request: uuid '${printed(uuid)}' opnum ${printed(opnum)}`;
  for (const row of details.p0fs) yield p0f(row);
  for (const row of details.emu_profiles) yield `profile: ${pythonRepr(storedText(row['emu_profile_json']))}`;
  for (const row of details.offers) yield `offer: ${printed(row['offer_url'])}`;
  for (const row of details.downloads)
    yield `download: ${printed(row['download_md5_hash'])} ${printed(row['download_url'])}`;
  for (const row of details.emu_services) yield `service: ${printed(row['emu_service_url'])}`;
  for (const row of details.logins)
    yield `login - user:'${printed(row['login_username'])}' password:'${printed(row['login_password'])}'`;
  for (const row of details.mssql_fingerprints) {
    const part = (name: string): StoredValue | undefined => row[`mssql_fingerprint_${name}`];
    yield `mssql fingerprint - hostname:'${printed(part('hostname'))}' cltintname:'${printed(part('cltintname'))}' appname:'${printed(part('appname'))}'`;
  }
  for (const row of details.mssql_commands)
    yield `mssql command - status:${printed(row['mssql_command_status'])} cmd:'${printed(row['mssql_command_cmd'])}'`;
  for (const command of details.mysql_commands) yield mysqlCommand(command);
  for (const command of details.sip_commands) yield* sipCommand(command);
}

/**
 * Formats an attack exactly as dionaea's manual prints it: endpoints as stored, without times and service names, p0f after
 * requests, profiles as Python prints them. Details that the manual does not show (logins, SIP, …) look as dionaea's
 * readlogsqltree prints them.
 */
export function formatManual(attack: ConnectionNode): string {
  const lines: string[] = [];
  for (const { kind, node, depth } of walk(attack)) {
    if (kind === 'leave') continue;
    const level = Math.min(depth, DEEPEST);
    const indent = ' '.repeat(Math.max(0, 2 * level - 1));
    const inner = ' '.repeat(2 * level + 1);
    lines.push(indent + connectionLine(node.row));
    for (const line of detailLines(node.details)) lines.push(inner + line);
  }
  return `${lines.join('\n')}\n`;
}
