import { createHash, timingSafeEqual } from 'node:crypto';

/** A client that may post. */
export interface Client {
  /** The token it must send. Absent: none, and then it is the only client. */
  readonly token?: string;
  /** The only sensor whose incidents it may post. Absent: any sensor. */
  readonly sensor?: string;
}

/** Identifies clients by their tokens. */
export interface Clients<C extends Client> {
  /** Whether a request must carry a token. */
  readonly needsToken: boolean;
  /** The client with this token, found in a time that does not depend on how much of the token is right. */
  find(token: string | undefined): C | undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Makes {@link Clients}; keeps hashes of the tokens, not the tokens. */
export function createClients<C extends Client>(clients: readonly C[]): Clients<C> {
  const [open] = clients.filter(({ token }) => token === undefined);
  const known = clients.flatMap((client) =>
    client.token === undefined ? [] : [{ client, hash: digest(client.token) }],
  );
  return {
    needsToken: open === undefined,
    find(token) {
      if (token === undefined) return open;
      const hash = digest(token);
      let match = open;
      // Compares with every token, so that the time does not reveal which one matched.
      for (const { client, hash: expected } of known) if (timingSafeEqual(hash, expected)) match = client;
      return match;
    },
  };
}

/** The path and the token of a request. */
export interface RequestTarget {
  /** Whether the path is `/` or `/incidents`, optionally followed by a token. */
  readonly isKnownPath: boolean;
  readonly token?: string;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // The part is not percent-encoded, so it stands for itself.
    return part;
  }
}

/**
 * Reads the token from the header `Authorization: Bearer …`, otherwise from the path. A path may hold a token only when
 * tokens are in use.
 */
export function readTarget(
  url: string,
  authorization: string | undefined,
  needsToken: boolean,
): RequestTarget {
  // A client that uses this port as a proxy sends the whole address.
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  const parts = (path.split('?', 1)[0] ?? '').split('/').filter((part) => part !== '');
  if (parts[0] === 'incidents') parts.shift();
  const [, bearer] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  const [inPath] = parts;
  const token = bearer ?? (inPath === undefined ? undefined : decodePart(inPath));
  return { isKnownPath: parts.length <= (needsToken ? 1 : 0), ...(token !== undefined && { token }) };
}
