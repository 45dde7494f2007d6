import { isDeepStrictEqual } from 'node:util';

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Whether `value` has all that `part` has: objects may have further keys, at any depth; everything else must be equal. */
export function matches(value: unknown, part: unknown): boolean {
  if (!isRecord(part)) return isDeepStrictEqual(value, part);
  if (!isRecord(value)) return false;
  return Object.entries(part).every(([key, item]) => Object.hasOwn(value, key) && matches(value[key], item));
}
