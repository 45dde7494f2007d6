/** A property of whatever was thrown; undefined where there is none, or where it cannot be read. */
export function property(error: unknown, key: string): unknown {
  try {
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[key] : undefined;
  } catch {
    // Somebody threw an object that refuses to be read: it says nothing.
    return undefined;
  }
}
