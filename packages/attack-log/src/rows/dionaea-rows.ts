import type { UntypedData, Value } from '@ihandler/core';
import type { Table } from '../schema/own-tables.ts';
import type { Cell } from '../schema/tables.ts';
import { integer, text } from './cells.ts';
import type { RowSink } from './row-sink.ts';
import { sipRows } from './sip-rows.ts';

/** Adds the rows of an incident of dionaea for its connection. Returns false if the incident lacks a required value. */
export type RowMaker = (sink: RowSink, connection: number, data: UntypedData) => boolean;

type Column = (data: UntypedData) => Cell;
const column =
  (read: (value: Value | undefined) => Cell) =>
  (name: string): Column =>
  (data) =>
    read(data[name]);
const textOf = column(text);
const integerOf = column(integer);

/** Adds one row, unless the incident lacks the property `required`. Any other missing value is NULL. */
function row(table: Table, required: string, ...columns: readonly Column[]): RowMaker {
  return (sink, connection, data) => {
    if (data[required] === undefined) return false;
    const cells: Cell[] = [connection];
    for (const read of columns) cells.push(read(data));
    sink.add(table, cells);
    return true;
  };
}

/** Adds several rows, each even if another one is impossible. */
const all =
  (...makers: readonly RowMaker[]): RowMaker =>
  (...args) =>
    makers.map((make) => make(...args)).every(Boolean);

/** dionaea's living fork appends a name: `4b324fc8-1670-01d3-1278-5a47bf6ee188 (SRVSVC)`. */
const uuidOf =
  (name: string): Column =>
  (data) => {
    const uuid = text(data[name]);
    const end = uuid?.endsWith(')') ? uuid.lastIndexOf(' (') : -1;
    return end > 0 ? (uuid?.slice(0, end) ?? null) : uuid;
  };

const bindShell: Column = ({ port }) => `bindshell://${text(port) ?? ''}`;
const connectBackShell: Column = ({ host, port }) =>
  `connectbackshell://${text(host) ?? ''}:${text(port) ?? ''}`;

const mysqlCommand: RowMaker = (sink, connection, { command, args }) => {
  const code = integer(command);
  // The column is NOT NULL.
  if (code === null) return false;
  const key = sink.add('mysql_commands', [connection, code]);
  if (Array.isArray(args))
    args.forEach((arg: Value, index) => {
      sink.add('mysql_command_args', [key, index, text(arg) ?? '']);
    });
  return true;
};

const login = row('logins', 'username', textOf('username'), textOf('password'));
const mssqlFingerprint = row(
  'mssql_fingerprints',
  'hostname',
  textOf('hostname'),
  textOf('appname'),
  textOf('cltintname'),
);
const p0f = row(
  'p0fs',
  'genre',
  textOf('genre'),
  textOf('link'),
  textOf('detail'),
  integerOf('uptime'),
  textOf('tos'),
  integerOf('dist'),
  integerOf('nat'),
  integerOf('fw'),
);
const mqttFingerprint = row(
  'mqtt_fingerprints',
  'clientid',
  textOf('clientid'),
  textOf('willtopic'),
  textOf('willmessage'),
  textOf('username'),
  textOf('password'),
);

/**
 * The rows of an incident of dionaea, by origin: the table, the required property, and the columns after `connection` in order. The
 * same as in dionaea's log_sqlite.
 */
// biome-ignore format: a table
export const dionaeaRows: ReadonlyMap<string, RowMaker> = new Map([
  ['dionaea.download.offer', row('offers', 'url', textOf('url'))],
  ['dionaea.download.complete.hash', row('downloads', 'md5hash', textOf('url'), textOf('md5hash'))],
  ['dionaea.service.shell.listen', row('emu_services', 'port', bindShell)],
  ['dionaea.service.shell.connect', row('emu_services', 'host', connectBackShell)],
  ['dionaea.module.emu.profile', row('emu_profiles', 'profile', textOf('profile'))],
  ['dionaea.modules.python.p0f', p0f],
  ['dionaea.modules.python.smb.dcerpc.bind', row('dcerpcbinds', 'uuid', uuidOf('uuid'), uuidOf('transfersyntax'))],
  ['dionaea.modules.python.smb.dcerpc.request', row('dcerpcrequests', 'uuid', uuidOf('uuid'), integerOf('opnum'))],
  ['dionaea.modules.python.ftp.login', login],
  ['dionaea.modules.python.mysql.login', login],
  ['dionaea.modules.python.mssql.login', all(login, mssqlFingerprint)],
  ['dionaea.modules.python.mssql.cmd', row('mssql_commands', 'cmd', textOf('status'), textOf('cmd'))],
  ['dionaea.modules.python.mysql.command', mysqlCommand],
  ['dionaea.modules.python.sip.command', sipRows],
  ['dionaea.modules.python.mqtt.connect', mqttFingerprint],
  ['dionaea.modules.python.mqtt.publish', row('mqtt_publish_commands', 'publishtopic', textOf('publishtopic'), textOf('publishmessage'))],
  ['dionaea.modules.python.mqtt.subscribe', row('mqtt_subscribe_commands', 'subscribetopic', textOf('subscribemessageid'), textOf('subscribetopic'))],
]);
