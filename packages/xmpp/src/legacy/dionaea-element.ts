import type { Connection, Incident, UntypedData, Value } from '@ihandler/core';
import { xml } from '@xmpp/client';
import type { Element } from '../connection/session.ts';
import { connectionRef } from './connection-ref.ts';
import { sipElement } from './sip-element.ts';
import { xmlText } from './xml-text.ts';

/** The namespace of what dionaea's own handler sends. */
export const DIONAEA = 'http://dionaea.carnivore.it';

type Attributes = Readonly<Record<string, unknown>>;
type Maker = (data: UntypedData) => Element | undefined;

/** Attributes without those that have no value. */
export function attributes(values: Attributes): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, xmlText(value)]));
}

/** The connection of an incident whose data fits, which then has one of the right form. */
function connectionIn(data: UntypedData, key = 'connection'): Connection | undefined {
  // Safe: only incidents that fit their schema come here.
  return data[key] as Connection | undefined;
}

function announcing(type: string): Maker {
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

/** An element with properties of the data as attributes, and the reference to its connection. */
function about(name: string, properties: Readonly<Record<string, string>>): Maker {
  return (data) => {
    const connection = connectionIn(data);
    if (connection === undefined) return undefined;
    const found = Object.entries(properties).map(([attribute, key]) => [attribute, data[key]]);
    return xml(name, attributes({ ...Object.fromEntries(found), ref: connectionRef(connection.id) }));
  };
}

const link: Maker = (data) => {
  const [parent, child] = [connectionIn(data, 'parent'), connectionIn(data, 'child')];
  if (parent === undefined || child === undefined) return undefined;
  return xml('link', { child: connectionRef(child.id), parent: connectionRef(parent.id) });
};

const profile: Maker = (data) => {
  const connection = connectionIn(data);
  return connection && xml('profile', { ref: connectionRef(connection.id) }, xmlText(data['profile']));
};

const mysqlCommand: Maker = (data) => {
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

const virustotal: Maker = (data) => {
  // Safe: only incidents that fit their schema come here, in which a report has this form.
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

/** What dionaea's handler sends, by origin. What is not here it never sent. */
const makers: ReadonlyMap<string, Maker> = new Map([
  ...['tcp', 'tls'].map((transport): [string, Maker] => [
    `dionaea.connection.${transport}.listen`,
    announcing('listen'),
  ]),
  ...['tcp', 'tls', 'udp'].map((transport): [string, Maker] => [
    `dionaea.connection.${transport}.connect`,
    announcing('connect'),
  ]),
  ...['tcp', 'tls'].map((transport): [string, Maker] => [
    `dionaea.connection.${transport}.accept`,
    announcing('accept'),
  ]),
  ['dionaea.connection.tcp.reject', announcing('reject')],
  ['dionaea.connection.link', link],
  ['dionaea.connection.free', about('connection', {})],
  ['dionaea.module.emu.profile', profile],
  ['dionaea.download.offer', about('offer', { url: 'url' })],
  ['dionaea.download.complete.hash', about('download', { url: 'url', md5_hash: 'md5hash' })],
  [
    'dionaea.modules.python.p0f',
    about('p0f', {
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
  ['dionaea.modules.python.smb.dcerpc.request', about('dcerpcrequest', { uuid: 'uuid', opnum: 'opnum' })],
  [
    'dionaea.modules.python.smb.dcerpc.bind',
    about('dcerpcbind', { uuid: 'uuid', transfersyntax: 'transfersyntax' }),
  ],
  ['dionaea.modules.python.mysql.login', about('mysqllogin', { username: 'username', password: 'password' })],
  ['dionaea.modules.python.mysql.command', mysqlCommand],
  ['dionaea.modules.python.sip.command', sipElement],
]);

/** The one element that dionaea's own handler makes of an incident; undefined where it sends nothing. */
export function dionaeaElement({ origin, data, misfit }: Incident): Element | undefined {
  // Safe: data that fits is data.
  return misfit === undefined ? makers.get(origin)?.(data as UntypedData) : undefined;
}

/** A sample whole, as sensors used to share them. */
export function fileElement(md5: string, contents: Uint8Array): Element {
  return xml('file', { md5_hash: md5 }, Buffer.from(contents).toString('base64'));
}
