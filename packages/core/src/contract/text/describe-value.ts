import { escapeControls } from './escape-controls.ts';

/** A value as an error message shows it: short, in one line, with control characters escaped, without the contents of objects. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return escapeControls(JSON.stringify(value.slice(0, 60)));
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return ArrayBuffer.isView(value) ? 'bytes' : 'an object';
}
