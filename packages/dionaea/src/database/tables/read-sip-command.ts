import type { Value } from '@ihandler/core';
import { SIP_METHODS } from '@ihandler/core/kit';
import { type StoredRow, toInteger, toValue } from '../cells.ts';
import { type RowResult, type TableRow, withConnection } from './mapping.ts';

const addressParts = ['display_name', 'uri_scheme', 'uri_user', 'uri_password', 'uri_host', 'uri_port'];
const originParts = ['username', 'sess_id', 'sess_version', 'nettype', 'addrtype', 'unicast_address'];
const connectionParts = ['nettype', 'addrtype', 'connection_address', 'ttl', 'number_of_addresses'];
const mediaParts = ['media', 'port', 'number_of_ports', 'proto'];
const viaParts = ['protocol', 'address', 'port'];

function pick(
  row: StoredRow | undefined,
  prefix: string,
  parts: readonly string[],
): { [part: string]: Value } {
  return Object.fromEntries(parts.map((part) => [part, toValue(row?.[`${prefix}_${part}`])]));
}

function readAddress(row: StoredRow | undefined): Value {
  const { display_name = null, ...uri } = pick(row, 'sip_addr', addressParts);
  const named = Object.entries(uri).map(([part, value]) => [part.slice('uri_'.length), value]);
  return { display_name, uri: Object.fromEntries(named) };
}

function readAllow(mask: Value | undefined): string[] {
  const bits = toInteger(mask) ?? 0;
  return SIP_METHODS.filter((_, bit) => (bits & (1 << bit)) !== 0);
}

/**
 * Reads a row of `sip_commands` with its addresses, hops and session description, nested as in dionaea's incidents. Data
 * that the tables do not hold (parameters, headers, media formats) is absent.
 */
export function readSipCommand(row: TableRow): RowResult {
  const load = (table: string, prefix: string, parts: readonly string[]) =>
    row.related.of(
      table,
      'sip_command',
      row.row,
      parts.map((part) => `${prefix}_${part}`),
    );
  const addresses = load('sip_addrs', 'sip_addr', ['type', ...addressParts]);
  const ofType = (type: string) => addresses.filter((address) => toValue(address['sip_addr_type']) === type);
  const origins = load('sip_sdp_origins', 'sip_sdp_origin', originParts);
  const connections = load('sip_sdp_connectiondatas', 'sip_sdp_connectiondata', connectionParts);
  const medias = load('sip_sdp_medias', 'sip_sdp_media', mediaParts);
  const described = origins.length + connections.length + medias.length > 0;
  return {
    origin: 'dionaea.modules.python.sip.command',
    data: {
      ...withConnection(row),
      addr: readAddress(ofType('addr')[0]),
      to: readAddress(ofType('to')[0]),
      contact: readAddress(ofType('contact')[0]),
      from: ofType('from').map(readAddress),
      via: load('sip_vias', 'sip_via', viaParts).map((via) => pick(via, 'sip_via', viaParts)),
      allow: readAllow(row.cells['allow']),
      sdp: described
        ? {
            o: pick(origins[0], 'sip_sdp_origin', originParts),
            c: pick(connections[0], 'sip_sdp_connectiondata', connectionParts),
            m: medias.map((media) => pick(media, 'sip_sdp_media', mediaParts)),
          }
        : null,
    },
  };
}
