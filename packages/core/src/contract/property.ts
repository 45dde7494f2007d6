import type { Value } from './incident.ts';

/** Whether a value is an object with named properties: not null, a list or bytes. */
export function isRecord(value: Value | undefined): value is { readonly [key: string]: Value };
export function isRecord(value: unknown): value is { readonly [key: string]: unknown };
export function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A property of any value; undefined when the value is not an object, lacks it, or throws when it is read. */
export function property(error: unknown, key: string): unknown {
  try {
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[key] : undefined;
  } catch {
    // A getter or a proxy throws.
    return undefined;
  }
}
