import type { Connection, UntypedData, Value } from '@ihandler/core';
import type { Element } from '../connection/session.ts';
import type { Occupants } from './occupants.ts';
import { sipData } from './sip-data.ts';

/** An incident that an old speaker told of: it has neither an id nor a time of its own. */
export interface Told {
  readonly origin: string;
  readonly data: UntypedData;
}

type Attributes = Readonly<Record<string, unknown>>;

/** The text of an attribute; throws when it is missing. */
export function needed(attributes: Attributes, name: string): string {
  const value = attributes[name];
  if (typeof value === 'string') return value;
  throw new Error(`Expected the attribute ${name}, found none.`);
}

/** A whole number in an attribute; throws for anything else. */
function neededNumber(attributes: Attributes, name: string): number {
  const text = needed(attributes, name);
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new Error(
    `Expected a whole number in the attribute ${name}, found ${JSON.stringify(text.slice(0, 80))}.`,
  );
}

function ref(attributes: Attributes, name = 'ref'): string {
  return String(neededNumber(attributes, name));
}

function described(attributes: Attributes): Omit<Connection, 'id'> {
  return {
    protocol: needed(attributes, 'protocol'),
    transport: needed(attributes, 'transport'),
    local: { host: needed(attributes, 'local_host'), port: neededNumber(attributes, 'local_port') },
    remote: {
      host: needed(attributes, 'remote_host'),
      port: neededNumber(attributes, 'remote_port'),
      hostname: needed(attributes, 'remote_hostname'),
    },
  };
}

function mysqlArguments(element: Element): readonly string[] | undefined {
  return element
    .getChild('args')
    ?.getChildren('arg')
    .map((arg) => arg.getText());
}

function virustotalData(element: Element): UntypedData {
  const { attrs } = element;
  const seconds = neededNumber(attrs, 'date');
  const scans = element.getChildren('scan').map((scan): [string, Value] => {
    const result = needed(scan.attrs, 'result');
    return [
      needed(scan.attrs, 'scanner'),
      { result: result === '' ? null : result, detected: result !== '' },
    ];
  });
  return {
    md5hash: needed(attrs, 'md5_hash'),
    report: {
      response_code: 1,
      permalink: needed(attrs, 'permalink'),
      scan_date: new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '),
      scans: Object.fromEntries(scans),
    },
  };
}

const p0fParts = ['genre', 'link', 'detail', 'uptime', 'tos', 'dist', 'fw', 'nat'];

type Reader = (element: Element, connection: () => Connection) => UntypedData;

/** By the name of the element: what it is, and the data of the incident. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['profile', (element, connection) => ({ profile: element.getText(), connection: connection() })],
  ['offer', ({ attrs }, connection) => ({ url: needed(attrs, 'url'), connection: connection() })],
  [
    'download',
    ({ attrs }, connection) => {
      const md5hash = needed(attrs, 'md5_hash');
      return { file: md5hash, url: needed(attrs, 'url'), md5hash, connection: connection() };
    },
  ],
  [
    'p0f',
    ({ attrs }, connection) => ({
      ...Object.fromEntries(p0fParts.map((part) => [part, needed(attrs, part)])),
      connection: connection(),
    }),
  ],
  [
    'dcerpcrequest',
    ({ attrs }, connection) => ({
      uuid: needed(attrs, 'uuid'),
      opnum: neededNumber(attrs, 'opnum'),
      connection: connection(),
    }),
  ],
  [
    'dcerpcbind',
    ({ attrs }, connection) => ({
      uuid: needed(attrs, 'uuid'),
      transfersyntax: needed(attrs, 'transfersyntax'),
      connection: connection(),
    }),
  ],
  [
    'mysqllogin',
    ({ attrs }, connection) => ({
      username: needed(attrs, 'username'),
      password: needed(attrs, 'password'),
      connection: connection(),
    }),
  ],
  [
    'mysqlcommand',
    (element, connection) => {
      const args = mysqlArguments(element);
      const command = neededNumber(element.attrs, 'cmd');
      return { command, ...(args !== undefined && { args }), connection: connection() };
    },
  ],
  ['sipcommand', (element, connection) => sipData(element, connection())],
  ['virustotal', (element) => virustotalData(element)],
]);

/**
 * What an old speaker says of an incident, as dionaea's own handler wrote it; undefined for what is not taken (samples, and
 * what nobody knows). Throws, for people, when something is missing.
 */
export function told(
  origin: string,
  element: Element,
  occupant: string,
  occupants: Occupants,
): Told | undefined {
  const { name, attrs } = element;
  if (origin === 'dionaea.connection.free') {
    const connection = occupants.named(occupant, ref(attrs));
    occupants.free(occupant, ref(attrs));
    return { origin, data: { connection } };
  }
  if (name === 'connection')
    return { origin, data: { connection: occupants.announce(occupant, ref(attrs), described(attrs)) } };
  if (name === 'link') {
    const child = occupants.named(occupant, ref(attrs, 'child'));
    const parent = occupants.named(occupant, ref(attrs, 'parent'));
    return { origin, data: { parent, child } };
  }
  const reader = readers.get(name);
  if (reader === undefined) return undefined;
  return { origin, data: reader(element, () => occupants.named(occupant, ref(attrs))) };
}
