/** A property of any value; undefined when the value is not an object, lacks it, or throws when it is read. */
export function property(error: unknown, key: string): unknown {
  try {
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[key] : undefined;
  } catch {
    // A getter or a proxy throws.
    return undefined;
  }
}
