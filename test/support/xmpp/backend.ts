import type { xml } from '@xmpp/client';
import type { Listener } from './legacy-client.ts';

type Element = ReturnType<typeof xml>;
type Row = Readonly<Record<string, string | number | null>>;

/** The tables that a backend has written. */
export interface Backend extends Listener {
  readonly tables: ReadonlyMap<string, readonly Row[]>;
}

interface Ids {
  readonly root: number;
  readonly own: number;
}

/** The table of each simple element, and the column of each of its attributes. */
const plain: Readonly<Record<string, readonly [table: string, columns: Readonly<Record<string, string>>]>> = {
  offer: ['offers', { url: 'offer_url' }],
  download: ['downloads', { url: 'download_url', md5_hash: 'download_md5_hash' }],
  dcerpcrequest: ['dcerpcrequests', { uuid: 'dcerpcrequest_uuid', opnum: 'dcerpcrequest_opnum' }],
  dcerpcbind: ['dcerpcbinds', { uuid: 'dcerpcbind_uuid', transfersyntax: 'dcerpcbind_transfersyntax' }],
  mysqllogin: ['logins', { username: 'login_username', password: 'login_password' }],
  p0f: [
    'p0fs',
    {
      genre: 'p0f_genre',
      link: 'p0f_link',
      detail: 'p0f_detail',
      uptime: 'p0f_uptime',
      tos: 'p0f_tos',
      dist: 'p0f_dist',
      fw: 'p0f_fw',
      nat: 'p0f_nat',
    },
  ],
};

function required({ attrs }: Element, name: string): string {
  const value: unknown = attrs[name];
  if (typeof value !== 'string') throw new Error(`expected the attribute ${name}`);
  return value;
}

/** Writes rows as dionaea's pg_backend does, from the stanzas of a room. A table is a list of rows, numbered from 1. */
export function createBackend(): Backend {
  const tables = new Map<string, Row[]>();
  const occupants = new Map<string, Map<number, Ids>>();

  function insert(table: string, row: Row): number {
    const rows = tables.get(table) ?? [];
    tables.set(table, rows);
    return rows.push(row);
  }

  function rowOf(id: number): Record<string, string | number | null> {
    const row = tables.get('connections')?.[id - 1];
    if (row === undefined) throw new Error(`expected a connection ${id}`);
    // Safe: only callers of this function change the row, as an UPDATE does.
    return row as Record<string, string | number | null>;
  }

  function announce(element: Element, refs: Map<number, Ids>): void {
    const own = insert('connections', {
      connection_type: required(element, 'type'),
      connection_transport: required(element, 'transport'),
      connection_protocol: required(element, 'protocol'),
      local_host: required(element, 'local_host'),
      local_port: Number(required(element, 'local_port')),
      remote_host: required(element, 'remote_host'),
      remote_port: Number(required(element, 'remote_port')),
      remote_hostname: required(element, 'remote_hostname'),
      connection_root: null,
      connection_parent: null,
    });
    refs.set(Number(required(element, 'ref')), { root: own, own });
  }

  function link(element: Element, refs: Map<number, Ids>): void {
    const parent = refs.get(Number(required(element, 'parent')));
    if (parent === undefined) return;
    const child = Number(required(element, 'child'));
    const own = refs.get(child)?.own ?? parent.own;
    refs.set(child, { root: parent.root, own });
    Object.assign(rowOf(own), { connection_root: parent.root, connection_parent: parent.own });
  }

  function sip(element: Element, connection: number): void {
    const command = insert('sip_commands', {
      connection,
      sip_command_method: required(element, 'method'),
      sip_command_call_id: required(element, 'call_id'),
    });
    for (const { attrs } of element.getChild('vias')?.getChildren('via') ?? [])
      insert('sip_vias', {
        sip_command: command,
        sip_via_protocol: attrs['protocol'] ?? null,
        sip_via_address: attrs['address'] ?? null,
        sip_via_port: attrs['port'] ?? null,
      });
    for (const type of ['to', 'from'])
      for (const addr of element.getChild(type)?.getChildren('addr') ?? [])
        insert('sip_addrs', {
          sip_command: command,
          sip_addr_type: type,
          sip_addr_display_name: addr.attrs['display_name'] ?? null,
          sip_addr_uri_user: addr.getChild('uri')?.attrs['user'] ?? null,
          sip_addr_uri_host: addr.getChild('uri')?.attrs['host'] ?? null,
        });
  }

  function insertElement(element: Element, connection: number): void {
    const { name } = element;
    const [table, columns] = plain[name] ?? [];
    if (table !== undefined && columns !== undefined)
      insert(table, {
        connection,
        ...Object.fromEntries(
          Object.entries(columns).map(([attribute, column]) => [column, required(element, attribute)]),
        ),
      });
    else if (name === 'profile') insert('emu_profiles', { connection, emu_profile_json: element.getText() });
    else if (name === 'mysqlcommand') {
      const mysql_command_cmd = required(element, 'cmd');
      const command = insert('mysql_commands', { connection, mysql_command_cmd });
      for (const arg of element.getChild('args')?.getChildren('arg') ?? [])
        insert('mysql_command_args', {
          mysql_command: command,
          mysql_command_arg_index: required(arg, 'index'),
          mysql_command_arg_data: arg.getText(),
        });
    } else if (name === 'sipcommand') sip(element, connection);
  }

  return {
    tables,
    joined: (occupant) => void occupants.set(occupant, occupants.get(occupant) ?? new Map()),
    left: (occupant) => void occupants.delete(occupant),
    received({ occupant, incident, element }) {
      const refs = occupants.get(occupant);
      if (refs === undefined) return;
      if (incident === 'dionaea.connection.free') refs.delete(Number(required(element, 'ref')));
      else if (element.name === 'connection') announce(element, refs);
      else if (element.name === 'link') link(element, refs);
      else {
        const ids = refs.get(Number(required(element, 'ref')));
        if (ids !== undefined) insertElement(element, ids.own);
      }
    },
  };
}
