const loneSurrogate = /\p{Surrogate}/u;

/**
 * A name as SQLite can keep it. UTF-8 has no lone surrogates, so that two names with different ones would become the same:
 * such a name is kept as JSON, and so that no other name looks like it, one that begins with a quote is too.
 */
export function exactText(name: string): string {
  return name.startsWith('"') || loneSurrogate.test(name) ? JSON.stringify(name) : name;
}

/** The name that {@link exactText} was given. */
export function originalText(stored: string): string {
  return stored.startsWith('"') ? JSON.parse(stored) : stored;
}
