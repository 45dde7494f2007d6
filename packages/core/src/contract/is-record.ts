import type { Value } from './incident.ts';

/** Whether a value is an object with named properties: not null, a list or bytes. */
export function isRecord(value: Value | undefined): value is { readonly [key: string]: Value };
export function isRecord(value: unknown): value is { readonly [key: string]: unknown };
export function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
