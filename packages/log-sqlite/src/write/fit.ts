import { toUSVString } from 'node:util';
import type { Cell } from '@ihandler/attack-log';

const INT32 = 2 ** 31;

/**
 * A value in a form that SQLite stores exactly. Lone surrogates become U+FFFD, because UTF-8 cannot encode them. The driver
 * binds each number as floating point: columns of type INTEGER and NUMBER convert it, a column without a type would store
 * `34736.0`. There, an integer becomes a bigint, as do integers over 32 bits in any column.
 */
export function fit(cell: Cell | undefined, isUntyped = false): Cell | bigint {
  if (typeof cell === 'string') return toUSVString(cell);
  if (typeof cell !== 'number') return cell ?? null;
  return (isUntyped || cell >= INT32 || cell < -INT32) && Number.isSafeInteger(cell) ? BigInt(cell) : cell;
}
