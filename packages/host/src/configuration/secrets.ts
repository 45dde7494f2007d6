import { escapeControls } from '@ihandler/core';
import { isSecretName } from '@ihandler/core/kit';

/** Replaces a secret in what is shown. */
export const HIDDEN = '[hidden]';

/** A shorter text is not hidden: it would match other words. In characters. */
const SHORTEST = 4;

/** The secrets that this run has read, so that none of them is ever shown. */
export interface Secrets {
  /** Collects the secrets in options: the values under the name of a secret, and the passwords in URLs. */
  learn(options: unknown): void;
  /** The text with each known secret replaced. */
  hide(text: string): string;
}

/** The spellings of a secret in a text: as it is, with escaped controls, in JSON, in a URL. */
function spellings(secret: string): readonly string[] {
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  return [secret, escapeControls(secret), JSON.stringify(secret).slice(1, -1), inUrl];
}

/** The path of a file, such as that of a TLS key. */
const path = /^(?:[.~]{0,2}[/\\]|[A-Za-z]:\\)|\.(?:pem|key)$/;

/** Whether a setting holds a secret: `key` may also name a file, and a number such as `maxKeys` counts something. */
function holdsSecret(name: string, value: unknown): boolean {
  if (name === 'key' && typeof value === 'string' && path.test(value)) return false;
  if (typeof value === 'number' && /^(?:max|min)|s$/i.test(name)) return false;
  return isSecretName(name);
}

/** A part of a URL that may be a token: long, of letters and digits. A name such as that of a user is not hidden. */
const token = /^(?=.*\d)(?=.*[a-z])[\w~+=%-]{16,}$/i;

/** The secrets in a URL beside its password: tokens as the user, in the path or the query, and parameters that name a secret. */
function secretsInUrl(text: string): readonly string[] {
  if (!URL.canParse(text)) return [];
  const { username, pathname, searchParams } = new URL(text);
  const parts = [username, ...pathname.split('/'), ...searchParams.values()].filter((part) =>
    token.test(part),
  );
  return [...parts, ...[...searchParams].flatMap(([name, value]) => (isSecretName(name) ? [value] : []))];
}

/** Creates an empty collection of secrets. */
export function createSecrets(): Secrets {
  let known: readonly string[] = [];

  function add(secret: string): void {
    if (secret.trim().length < SHORTEST) return;
    // The longest first: one secret may be part of another.
    known = [...new Set([...known, ...spellings(secret)])].sort((a, b) => b.length - a.length);
  }

  function learn(value: unknown, isSecret: boolean): void {
    if (typeof value === 'number' && isSecret) add(String(value));
    if (typeof value === 'string') {
      if (isSecret) add(value);
      for (const [, password = ''] of value.matchAll(/\/\/[^\s/:@]*:([^\s/@]+)@/g)) add(password);
      for (const [url] of value.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s,]+/gi)) secretsInUrl(url).forEach(add);
    }
    if (Array.isArray(value)) for (const item of value) learn(item, isSecret);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) learn(inner, isSecret || holdsSecret(key, inner));
  }

  return {
    learn: (options) => learn(options, false),
    hide: (text) => known.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text),
  };
}
