import { createHash, timingSafeEqual } from 'node:crypto';

/** Somebody who may post. */
export interface Sender {
  /** What it must show. Absent: nothing; such a sender is the only one. */
  readonly token?: string;
  /** The only sensor it may speak for. Absent: any. */
  readonly sensor?: string;
}

/** Finds out who posts. */
export interface Senders<S extends Sender> {
  /** Whether a token must be shown. */
  readonly needsToken: boolean;
  /** Who shows this token, in a time that does not depend on how much of it is right. */
  find(token: string | undefined): S | undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Makes {@link Senders}; keeps hashes, not tokens. */
export function createSenders<S extends Sender>(senders: readonly S[]): Senders<S> {
  const [open] = senders.filter(({ token }) => token === undefined);
  const known = senders.flatMap((sender) =>
    sender.token === undefined ? [] : [{ sender, hash: digest(sender.token) }],
  );
  return {
    needsToken: open === undefined,
    find(token) {
      if (token === undefined) return open;
      const hash = digest(token);
      let found = open;
      // All are looked at, so that the time tells nothing of which it was.
      for (const entry of known) if (timingSafeEqual(hash, entry.hash)) found = entry.sender;
      return found;
    },
  };
}

/** The token of a request, and whether the path is one of ours: `/` or `/incidents`, and behind it perhaps the token. */
export interface Shown {
  readonly isOurPath: boolean;
  readonly token?: string;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not percent-encoded after all: then it is what it is.
    return part;
  }
}

/** Reads the token from the header `Authorization: Bearer …`, or else, where there are tokens at all, from the path. */
export function shownToken(url: string, authorization: string | undefined, needsToken: boolean): Shown {
  // A client that takes us for a proxy names the whole address.
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  const parts = (path.split('?', 1)[0] ?? '').split('/').filter((part) => part !== '');
  if (parts[0] === 'incidents') parts.shift();
  const [, bearer] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  const [inPath] = parts;
  const token = bearer ?? (inPath === undefined ? undefined : decoded(inPath));
  return { isOurPath: parts.length <= (needsToken ? 1 : 0), ...(token !== undefined && { token }) };
}
