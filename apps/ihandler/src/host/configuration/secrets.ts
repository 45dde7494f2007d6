import { escapeControls, type Terminal } from '@ihandler/core';

/** What stands where a secret would. */
export const HIDDEN = '[hidden]';

/** Anything shorter would also hide what is no secret. */
const SHORTEST = 4;

const secretName =
  /(?:api|access|private|secret|signing)[_-]?key|secret|token|passw|passphrase|credential|^(?:pass|auth|authorization)$/i;

/** Whether a setting or a detail of this name holds a secret: `apiKey`, `token`, `secret_access_key`, `password`. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** The secrets this run has seen, so that none of them is ever shown. */
export interface Secrets {
  /** Takes every secret out of options: what has the name of a secret, and the password in a URL. */
  learn(options: unknown): void;
  /** The text without the secrets. */
  hide(text: string): string;
}

/** How a secret may be spelled in a text: as it is, made harmless, in JSON, in a URL. */
function spellings(secret: string): readonly string[] {
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  return [secret, escapeControls(secret), JSON.stringify(secret).slice(1, -1), inUrl];
}

/** Knows none in the beginning. */
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
    }
    if (Array.isArray(value)) for (const item of value) learn(item, isSecret);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) learn(inner, isSecret || isSecretName(key));
  }

  return {
    learn: (options) => learn(options, false),
    hide: (text) => known.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text),
  };
}

/** A terminal that shows no secret. */
export function withoutSecrets(terminal: Terminal, { hide }: Pick<Secrets, 'hide'>): Terminal {
  return {
    ...terminal,
    write: (text) => terminal.write(hide(text)),
    warn: (text) => terminal.warn(hide(text)),
    progress: (text) => terminal.progress(text === undefined ? undefined : hide(text)),
  };
}
