import type { Connection, Incident, UntypedData, Value } from '@ihandler/core';
import { xml } from '@xmpp/client';
import type { Element } from '../connection/session.ts';
import { connectionRef } from './connection-ref.ts';
import { sipElement } from './sip-element.ts';
import { xmlText } from './xml-text.ts';

/** The namespace of dionaea's own handler. */
export const DIONAEA = 'http://dionaea.carnivore.it';

type Attributes = Readonly<Record<string, unknown>>;
type ElementFactory = (data: UntypedData) => Element | undefined;

/** Removes attributes without a value. */
export function attributes(values: Attributes): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, xmlText(value)]));
}

/** The connection in the data of an incident that fits its schema. */
function connectionIn(data: UntypedData, key = 'connection'): Connection | undefined {
  // Safe: the incident fits its schema.
  return data[key] as Connection | undefined;
}

function connectionElement(type: string): ElementFactory {
  return (data) => {
    const connection = connectionIn(data);
    if (connection === undefined) return undefined;
    const { id, protocol, transport, local, remote } = connection;
    return xml(
      'connection',
      attributes({
        type,
        transport,
        protocol,
        local_host: local.host,
        local_port: local.port,
        remote_host: remote.host,
        remote_hostname: remote.hostname ?? '',
        remote_port: remote.port,
        ref: connectionRef(id),
      }),
    );
  };
}

/** An element with properties of the data as attributes, and a reference to its connection. */
function elementWith(name: string, properties: Readonly<Record<string, string>>): ElementFactory {
  return (data) => {
    const connection = connectionIn(data);
    if (connection === undefined) return undefined;
    const values = Object.entries(properties).map(([attribute, key]) => [attribute, data[key]]);
    return xml(name, attributes({ ...Object.fromEntries(values), ref: connectionRef(connection.id) }));
  };
}

const link: ElementFactory = (data) => {
  const [parent, child] = [connectionIn(data, 'parent'), connectionIn(data, 'child')];
  if (parent === undefined || child === undefined) return undefined;
  return xml('link', { child: connectionRef(child.id), parent: connectionRef(parent.id) });
};

const profile: ElementFactory = (data) => {
  const connection = connectionIn(data);
  return connection && xml('profile', { ref: connectionRef(connection.id) }, xmlText(data['profile']));
};

const mysqlCommand: ElementFactory = (data) => {
  const connection = connectionIn(data);
  if (connection === undefined) return undefined;
  const { command, args } = data;
  const list: readonly Value[] = Array.isArray(args) ? args : [];
  const children = list.map((arg, index) => xml('arg', { index: String(index) }, xmlText(arg)));
  return xml(
    'mysqlcommand',
    attributes({ cmd: command, ref: connectionRef(connection.id) }),
    ...(children.length > 0 ? [xml('args', {}, ...children)] : []),
  );
};

interface Report {
  readonly response_code?: unknown;
  readonly permalink?: string;
  readonly scan_date?: string;
  readonly scans?: Readonly<Record<string, { readonly result: string | null }>>;
}

const virustotal: ElementFactory = (data) => {
  // Safe: the incident fits its schema, which has this form.
  const report = data['report'] as Report | undefined;
  if (report === undefined || Number(report.response_code) !== 1) return undefined;
  const date = Date.parse(`${(report.scan_date ?? '').replace(' ', 'T')}Z`);
  const scans = Object.entries(report.scans ?? {}).map(([scanner, { result }]) =>
    xml('scan', attributes({ scanner, result: result ?? '' })),
  );
  const head = {
    md5_hash: data['md5hash'],
    permalink: report.permalink ?? '',
    date: Number.isFinite(date) ? Math.floor(date / 1000) : 0,
  };
  return xml('virustotal', attributes(head), ...scans);
};

/** The elements that dionaea's handler sends, by origin. It never sent other origins. */
const factories: ReadonlyMap<string, ElementFactory> = new Map([
  ...['tcp', 'tls'].map((transport): [string, ElementFactory] => [
    `dionaea.connection.${transport}.listen`,
    connectionElement('listen'),
  ]),
  ...['tcp', 'tls', 'udp'].map((transport): [string, ElementFactory] => [
    `dionaea.connection.${transport}.connect`,
    connectionElement('connect'),
  ]),
  ...['tcp', 'tls'].map((transport): [string, ElementFactory] => [
    `dionaea.connection.${transport}.accept`,
    connectionElement('accept'),
  ]),
  ['dionaea.connection.tcp.reject', connectionElement('reject')],
  ['dionaea.connection.link', link],
  ['dionaea.connection.free', elementWith('connection', {})],
  ['dionaea.module.emu.profile', profile],
  ['dionaea.download.offer', elementWith('offer', { url: 'url' })],
  ['dionaea.download.complete.hash', elementWith('download', { url: 'url', md5_hash: 'md5hash' })],
  [
    'dionaea.modules.python.p0f',
    elementWith('p0f', {
      genre: 'genre',
      link: 'link',
      detail: 'detail',
      uptime: 'uptime',
      tos: 'tos',
      dist: 'dist',
      fw: 'fw',
      nat: 'nat',
    }),
  ],
  ['dionaea.modules.python.virustotal.report', virustotal],
  [
    'dionaea.modules.python.smb.dcerpc.request',
    elementWith('dcerpcrequest', { uuid: 'uuid', opnum: 'opnum' }),
  ],
  [
    'dionaea.modules.python.smb.dcerpc.bind',
    elementWith('dcerpcbind', { uuid: 'uuid', transfersyntax: 'transfersyntax' }),
  ],
  [
    'dionaea.modules.python.mysql.login',
    elementWith('mysqllogin', { username: 'username', password: 'password' }),
  ],
  ['dionaea.modules.python.mysql.command', mysqlCommand],
  ['dionaea.modules.python.sip.command', sipElement],
]);

/** The element that dionaea's own handler sends for an incident; undefined if it sends none. */
export function dionaeaElement({ origin, data, misfit }: Incident): Element | undefined {
  // Safe: data that fits its schema is a record.
  return misfit === undefined ? factories.get(origin)?.(data as UntypedData) : undefined;
}

/** The element with the contents of a sample, as dionaea's own handler sent it. */
export function fileElement(md5: string, contents: Uint8Array): Element {
  return xml('file', { md5_hash: md5 }, Buffer.from(contents).toString('base64'));
}
