import type { UntypedData, Value } from '@ihandler/core';
import { isRecord, SIP_METHODS } from '@ihandler/core/kit';
import type { Table } from '../schema/own-tables.ts';
import type { Cell } from '../schema/tables.ts';
import { plain, text } from './cells.ts';
import type { RowSink } from './row-sink.ts';

const bits = new Map(SIP_METHODS.map((method, bit) => [method, 1 << bit]));

/** One bit for each method; the lowest bit stands for every unknown method. */
function allowMask(allow: Value | undefined): Cell {
  if (!Array.isArray(allow)) return null;
  return allow.reduce((mask: number, method: Value) => mask | (bits.get(text(method) ?? '') ?? 1), 0);
}

function recordIn(value: Value | undefined): UntypedData | undefined {
  return isRecord(value) ? value : undefined;
}

function recordsIn(value: Value | undefined): UntypedData[] {
  const values: readonly Value[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return values.map(recordIn).filter((record) => record !== undefined);
}

function addRow(sink: RowSink, table: Table, command: number, record: UntypedData, names: readonly string[]) {
  sink.add(table, [command, ...names.map((name) => plain(record[name]))]);
}

function addAddress(sink: RowSink, command: number, type: string, address: UntypedData) {
  const uri = recordIn(address['uri']) ?? {};
  const parts = ['scheme', 'user', 'password', 'host', 'port'].map((name) => plain(uri[name]));
  sink.add('sip_addrs', [command, type, plain(address['display_name']), ...parts]);
}

const viaColumns = ['protocol', 'address', 'port'];
const originColumns = ['username', 'sess_id', 'sess_version', 'nettype', 'addrtype', 'unicast_address'];
const connectionColumns = ['nettype', 'addrtype', 'connection_address', 'ttl', 'number_of_addresses'];
const mediaColumns = ['media', 'port', 'number_of_ports', 'proto'];

/** Adds a SIP command with its addresses (request URI, To, Contact, each From), vias and session description. */
export function sipRows(sink: RowSink, connection: number, data: UntypedData): boolean {
  if (data['method'] === undefined) return false;
  const command = sink.add('sip_commands', [
    connection,
    plain(data['method']),
    plain(data['call_id']),
    plain(data['user_agent']),
    allowMask(data['allow']),
  ]);
  for (const type of ['addr', 'to', 'contact', 'from'])
    for (const address of recordsIn(data[type])) addAddress(sink, command, type, address);
  for (const via of recordsIn(data['via'])) addRow(sink, 'sip_vias', command, via, viaColumns);
  const { o, c, m } = recordIn(data['sdp']) ?? {};
  for (const origin of recordsIn(o)) addRow(sink, 'sip_sdp_origins', command, origin, originColumns);
  for (const end of recordsIn(c)) addRow(sink, 'sip_sdp_connectiondatas', command, end, connectionColumns);
  for (const media of recordsIn(m)) addRow(sink, 'sip_sdp_medias', command, media, mediaColumns);
  return true;
}
