import { toUSVString } from 'node:util';
import type { Cell } from '@ihandler/attack-log';

const INT32 = 2 ** 31;

/**
 * A value as SQLite is to get it: lone surrogates become U+FFFD, since UTF-8 has none, and whole numbers stay integers
 * however large (the driver would store those over 32 bits as floating point, and `3000000000.0` in a text column).
 */
export function storable(cell: Cell | undefined): Cell | bigint {
  if (typeof cell === 'string') return toUSVString(cell);
  if (typeof cell === 'number' && (cell >= INT32 || cell < -INT32) && Number.isSafeInteger(cell))
    return BigInt(cell);
  return cell ?? null;
}
