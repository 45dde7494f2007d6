import type { Connection, Endpoint } from '@ihandler/core';
import { escapeControls } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';

/** The most characters of a text, or bytes, that a value shows. */
const VALUE_LIMIT = 4096;
/** The number of characters of fields after which a line starts no further field. */
const FIELDS_LIMIT = 65_536;
const NAME_LIMIT = 256;

const bare = /^[^\s"\\=]+$/u;
/** Text that looks like another value. */
const ambiguous: ReadonlySet<string> = new Set(['null', '[]', '{}']);

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Does not split a character beyond the basic plane.
  return text.slice(0, /[\ud800-\udbff]/.test(text.charAt(limit - 1)) ? limit - 1 : limit);
}

function omitted(whole: number, shown: number): string {
  return whole > shown ? `+${whole - shown}` : '';
}

function quoted(text: string, limit: number): string {
  const shown = cut(text, limit);
  const escaped = escapeControls(shown.replace(/["\\]/g, '\\$&'));
  return `"${escaped}"${omitted(text.length, shown.length)}`;
}

/**
 * Text as a value: unchanged, or quoted when it is empty, long, or contains a blank, a quote, a backslash, `=` or a
 * character that {@link escapeControls} escapes.
 */
export function textValue(text: string): string {
  if (text.length > VALUE_LIMIT || !bare.test(text) || ambiguous.has(text) || escapeControls(text) !== text)
    return quoted(text, VALUE_LIMIT);
  return text;
}

/** Text for the head of a line, where columns are counted: contains no blank. */
export function headValue(text: string): string {
  if (text.length <= NAME_LIMIT && /^[\w.-]+$/.test(text)) return text;
  const escapeBlank = (blank: string): string => {
    const code = blank.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  };
  return quoted(text, NAME_LIMIT).replace(/\s/gu, escapeBlank);
}

/** Bytes as a value: `b"…"`, printable ASCII unchanged, every other byte as `\xNN`. */
function bytesValue(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, VALUE_LIMIT));
  const text = shown
    .toString('latin1')
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `b"${text}"${omitted(bytes.byteLength, shown.byteLength)}`;
}

function isEndpoint(value: unknown): value is Endpoint {
  return isRecord(value) && typeof value['host'] === 'string' && typeof value['port'] === 'number';
}

/** Whether a value is a connection. */
export function isConnection(value: unknown): value is Connection {
  return (
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    typeof value['protocol'] === 'string' &&
    typeof value['transport'] === 'string' &&
    isEndpoint(value['local']) &&
    isEndpoint(value['remote'])
  );
}

function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The fields of a line, up to the limit. */
interface Fields {
  readonly parts: string[];
  size: number;
  /** How many fields are beyond the limit. */
  omitted: number;
}

function add(fields: Fields, path: string, value: string): void {
  const part = `${path}=${value}`;
  fields.parts.push(part);
  fields.size += part.length + 1;
}

function addConnection(fields: Fields, path: string, connection: Connection): void {
  const { id, protocol, transport, local, remote } = connection;
  add(fields, path, textValue(`${protocol}/${transport}`));
  add(fields, `${path}.local`, textValue(endpointText(local)));
  if (remote.host !== '' || remote.port !== 0) add(fields, `${path}.remote`, textValue(endpointText(remote)));
  if (typeof remote.hostname === 'string' && remote.hostname !== '')
    add(fields, `${path}.hostname`, textValue(remote.hostname));
  add(fields, `${path}.id`, textValue(id));
}

function below(path: string, key: string): string {
  const name = key.length <= NAME_LIMIT && /^[\w-]+$/.test(key) ? key : quoted(key, NAME_LIMIT);
  return path === '' ? name : `${path}.${name}`;
}

function addFields(fields: Fields, path: string, value: unknown): void {
  const isBranch = Array.isArray(value) || (isRecord(value) && !isConnection(value));
  const inner = isBranch ? Object.entries(value) : [];
  if (inner.length > 0 || (isBranch && path === '')) {
    for (const [key, item] of inner) addFields(fields, below(path, key), item);
    return;
  }
  if (fields.size > FIELDS_LIMIT) fields.omitted += 1;
  else if (isBranch) add(fields, path, Array.isArray(value) ? '[]' : '{}');
  else if (typeof value === 'string') add(fields, path, textValue(value));
  else if (value instanceof Uint8Array) add(fields, path, bytesValue(value));
  else if (isConnection(value)) addConnection(fields, path, value);
  else add(fields, path, value === null ? 'null' : textValue(String(value)));
}

/**
 * A value as `key=value` fields separated by blanks, nested data with dotted keys, starting at `path` (`''` for all data of
 * an incident). Ends with the number of omitted fields, such as `+12`.
 */
export function fieldsText(path: string, value: unknown): string {
  const fields: Fields = { parts: [], size: 0, omitted: 0 };
  addFields(fields, path, value);
  if (fields.omitted > 0) fields.parts.push(`+${fields.omitted}`);
  return fields.parts.join(' ');
}

/** One value without its key; a connection or nested data as fields. */
export function valueText(path: string, value: unknown): string {
  const text = fieldsText(path, value);
  const isOne = typeof value !== 'object' || value === null || ArrayBuffer.isView(value);
  return isOne || Object.keys(value).length === 0 ? text.slice(path.length + 1) : text;
}
