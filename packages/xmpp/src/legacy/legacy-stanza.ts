import type { Connection, UntypedData, Value } from '@ihandler/core';
import type { Element } from '../connection/session.ts';
import type { LegacyConnections } from './legacy-connections.ts';
import { sipData } from './sip-data.ts';

/** The content of a legacy stanza: an incident without id and timestamp. */
export interface LegacyIncident {
  readonly origin: string;
  readonly data: UntypedData;
}

type Attributes = Readonly<Record<string, unknown>>;

/** The text of a required attribute; throws when it is missing. */
function required(attributes: Attributes, name: string): string {
  const value = attributes[name];
  if (typeof value === 'string') return value;
  throw new Error(`Expected the attribute ${name}, found none.`);
}

/** The integer in a required attribute; throws when it is invalid. */
function requiredNumber(attributes: Attributes, name: string): number {
  const text = required(attributes, name);
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new Error(
    `Expected an integer in the attribute ${name}, found ${JSON.stringify(text.slice(0, 80))}.`,
  );
}

function ref(attributes: Attributes, name = 'ref'): string {
  return String(requiredNumber(attributes, name));
}

function connectionIn(attributes: Attributes): Omit<Connection, 'id'> {
  return {
    protocol: required(attributes, 'protocol'),
    transport: required(attributes, 'transport'),
    local: { host: required(attributes, 'local_host'), port: requiredNumber(attributes, 'local_port') },
    remote: {
      host: required(attributes, 'remote_host'),
      port: requiredNumber(attributes, 'remote_port'),
      hostname: required(attributes, 'remote_hostname'),
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
  const seconds = requiredNumber(attrs, 'date');
  const scans = element.getChildren('scan').map((scan): [string, Value] => {
    const result = required(scan.attrs, 'result');
    return [
      required(scan.attrs, 'scanner'),
      { result: result === '' ? null : result, detected: result !== '' },
    ];
  });
  return {
    md5hash: required(attrs, 'md5_hash'),
    report: {
      response_code: 1,
      permalink: required(attrs, 'permalink'),
      scan_date: new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '),
      scans: Object.fromEntries(scans),
    },
  };
}

const p0fParts = ['genre', 'link', 'detail', 'uptime', 'tos', 'dist', 'fw', 'nat'];

type Reader = (element: Element, connection: () => Connection) => UntypedData;

/** Reads the data of the incident, by the name of the element. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['profile', (element, connection) => ({ profile: element.getText(), connection: connection() })],
  ['offer', ({ attrs }, connection) => ({ url: required(attrs, 'url'), connection: connection() })],
  [
    'download',
    ({ attrs }, connection) => {
      const md5hash = required(attrs, 'md5_hash');
      return { file: md5hash, url: required(attrs, 'url'), md5hash, connection: connection() };
    },
  ],
  [
    'p0f',
    ({ attrs }, connection) => ({
      ...Object.fromEntries(p0fParts.map((part) => [part, required(attrs, part)])),
      connection: connection(),
    }),
  ],
  [
    'dcerpcrequest',
    ({ attrs }, connection) => ({
      uuid: required(attrs, 'uuid'),
      opnum: requiredNumber(attrs, 'opnum'),
      connection: connection(),
    }),
  ],
  [
    'dcerpcbind',
    ({ attrs }, connection) => ({
      uuid: required(attrs, 'uuid'),
      transfersyntax: required(attrs, 'transfersyntax'),
      connection: connection(),
    }),
  ],
  [
    'mysqllogin',
    ({ attrs }, connection) => ({
      username: required(attrs, 'username'),
      password: required(attrs, 'password'),
      connection: connection(),
    }),
  ],
  [
    'mysqlcommand',
    (element, connection) => {
      const args = mysqlArguments(element);
      const command = requiredNumber(element.attrs, 'cmd');
      return { command, ...(args !== undefined && { args }), connection: connection() };
    },
  ],
  ['sipcommand', (element, connection) => sipData(element, connection())],
  ['virustotal', (element) => virustotalData(element)],
]);

/**
 * Reads an element of a legacy stanza, as dionaea's own handler writes it. Undefined for samples and unknown elements, which
 * are ignored. Throws when an attribute is missing or invalid.
 */
export function readLegacyStanza(
  origin: string,
  element: Element,
  occupant: string,
  connections: LegacyConnections,
): LegacyIncident | undefined {
  const { name, attrs } = element;
  if (origin === 'dionaea.connection.free') {
    const connection = connections.lookUp(occupant, ref(attrs));
    connections.free(occupant, ref(attrs));
    return { origin, data: { connection } };
  }
  if (name === 'connection')
    return { origin, data: { connection: connections.announce(occupant, ref(attrs), connectionIn(attrs)) } };
  if (name === 'link') {
    const child = connections.lookUp(occupant, ref(attrs, 'child'));
    const parent = connections.lookUp(occupant, ref(attrs, 'parent'));
    return { origin, data: { parent, child } };
  }
  const reader = readers.get(name);
  if (reader === undefined) return undefined;
  return { origin, data: reader(element, () => connections.lookUp(occupant, ref(attrs))) };
}
