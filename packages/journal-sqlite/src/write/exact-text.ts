const loneSurrogate = /\p{Surrogate}/u;

/** A text that UTF-8 can encode: each lone surrogate becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/**
 * A name that SQLite can store unchanged. UTF-8 cannot encode lone surrogates, so two names with different ones would become
 * equal. Such a name is stored as JSON, and so is a name that begins with a quote, so that no two names look the same.
 */
export function exactText(name: string): string {
  return name.startsWith('"') || loneSurrogate.test(name) ? JSON.stringify(name) : name;
}

/** The original name of a result of {@link exactText}. */
export function originalText(stored: string): string {
  return stored.startsWith('"') ? JSON.parse(stored) : stored;
}
