/** Whether a value of a damaged journal is a whole number that is not negative. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Whether `read` accepts a text. */
export function isReadable(text: unknown, read: (text: string) => unknown): text is string {
  try {
    return typeof text === 'string' && read(text) !== undefined;
  } catch {
    // The text is damaged.
    return false;
  }
}
