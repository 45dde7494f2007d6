import { toUSVString } from 'node:util';
import type { Cell } from '@ihandler/attack-log';

const INT32 = 2 ** 31;

/**
 * A value in a form that SQLite stores exactly. Lone surrogates become U+FFFD, because UTF-8 cannot encode them. Large
 * integers become a bigint: the driver stores a number over 32 bits as floating point, as `3000000000.0` in a text column.
 */
export function fit(cell: Cell | undefined): Cell | bigint {
  if (typeof cell === 'string') return toUSVString(cell);
  if (typeof cell === 'number' && (cell >= INT32 || cell < -INT32) && Number.isSafeInteger(cell))
    return BigInt(cell);
  return cell ?? null;
}
