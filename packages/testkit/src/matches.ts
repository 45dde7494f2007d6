import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@ihandler/core/kit';

/** Whether `value` has all that `part` has: objects may have further keys, at any depth; everything else must be equal. */
export function matches(value: unknown, part: unknown): boolean {
  if (!isRecord(part)) return isDeepStrictEqual(value, part);
  if (!isRecord(value)) return false;
  return Object.entries(part).every(([key, item]) => Object.hasOwn(value, key) && matches(value[key], item));
}
