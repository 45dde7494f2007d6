import { isIP } from 'node:net';
import type { Cell } from '@ihandler/attack-log';
import type { Kind } from '../schema/columns.ts';

/** How many characters of a text are indexed: PostgreSQL's indexes accept at most 2,704 bytes. */
const INDEXED = 600;
const INT4 = 2 ** 31;
/** The range of a timestamptz, 4713 BC to 294276 AD, in seconds since the Unix epoch. */
const EARLIEST = -210_866_803_200;
const LATEST = 9_224_318_015_999;

const types: ReadonlySet<Cell> = new Set(['accept', 'connect', 'listen', 'reject', 'pending']);
const transports: ReadonlySet<Cell> = new Set(['tcp', 'udp', 'tls', 'dtls']);
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

const oddCharacters = /[\0\ud800-\udfff]/;

/** Text that PostgreSQL accepts: NUL and lone surrogates become U+FFFD. */
export function storableText(text: string): string {
  if (!oddCharacters.test(text)) return text;
  // Node 20 has toWellFormed, but the ES2023 types do not.
  return (text as unknown as { toWellFormed(): string }).toWellFormed().replaceAll('\0', '\ufffd');
}

function cut(text: string): string {
  return text.length <= INDEXED ? text : text.slice(0, INDEXED);
}

function integer(cell: Cell): number | null {
  const value = typeof cell === 'string' && /^-?\d{1,10}$/.test(cell) ? Number(cell) : cell;
  return Number.isInteger(value) && Number(value) >= -INT4 && Number(value) < INT4 ? Number(value) : null;
}

function address(cell: Cell): string | null {
  // An inet cannot have a zone (`fe80::1%eth0`).
  return typeof cell === 'string' && isIP(cell) !== 0 && !cell.includes('%') ? cell : null;
}

/** The value to store in a column of a kind; NULL if it does not fit. */
export function fit(kind: Kind, cell: Cell): Cell {
  if (cell === null) return null;
  switch (kind) {
    case 'key':
      return cell;
    case 'text':
      return storableText(String(cell));
    case 'indexed':
      return storableText(cut(String(cell)));
    case 'integer':
      return integer(cell);
    case 'size':
      return Number.isSafeInteger(cell) ? cell : null;
    case 'number':
      return typeof cell === 'number' ? cell : null;
    case 'address':
      return address(cell);
    case 'type':
      return types.has(cell) ? cell : null;
    case 'transport':
      return transports.has(cell) ? cell : null;
    case 'uuid':
      return typeof cell === 'string' && uuid.test(cell) ? cell : null;
    case 'time':
      return Number(cell) >= EARLIEST && Number(cell) <= LATEST ? Math.round(Number(cell) * 1e6) / 1e6 : null;
  }
}

/**
 * Whether a stored value has all the information of the original. An empty address and a missing one are equal, and so are
 * two times in the same microsecond.
 */
export function fitsWhole(kind: Kind, cell: Cell, fitted: Cell): boolean {
  if (cell === fitted || cell === null) return true;
  if (kind === 'address' && cell === '') return true;
  if (kind === 'time' && typeof cell === 'number' && fitted !== null) return true;
  // PostgreSQL writes uuids in lower case.
  if (kind === 'uuid' && typeof fitted === 'string') return cell === fitted.toLowerCase();
  return fitted !== null && String(cell) === String(fitted);
}
