import { escapeControls, escapeJson } from '@ihandler/core';
import { isSecretName } from '@ihandler/core/kit';
import type { Filled } from './substitute-environment.ts';

/** Replaces a secret in what is shown. */
export const HIDDEN = '[hidden]';

/** A shorter text is not hidden: it would match other words. In characters. */
const SHORTEST = 4;
/** The same for the path of a URL. */
const SHORTEST_PATH = 6;

/** The secrets that this run has read, so that none of them is ever shown. */
export interface Secrets {
  /**
   * Collects the secrets in options: the values under the name of a secret, and those in URLs. `filled` are the values of
   * options that came from the environment: they are hidden too, but for names, paths, numbers and the host of a URL.
   */
  learn(options: unknown, filled?: readonly Filled[]): void;
  /** The text with each known secret replaced. */
  hide(text: string): string;
}

/** The spellings of a secret in a text: as it is, with escaped controls, in JSON, in a URL. */
function spellings(secret: string): readonly string[] {
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, escapeControls(secret), inJson, escapeJson(inJson), inUrl];
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

/** Parts of a path that every port of its kind has. */
const plain = /^(?:incidents|api|v\d+)?$/;

/** The secrets in a URL beside its password: a user, parts of the path and values of the query that may be tokens. */
function secretsInUrl({ username, password, pathname, searchParams }: URL): readonly string[] {
  const user = password === '' || token.test(username) ? [username] : [];
  const parts = pathname.split('/').filter((part) => token.test(part));
  // A word such as that of `?format=json` is part of other texts.
  const values = [...searchParams].filter(([name, value]) => isSecretName(name) || /\d|.{8}/.test(value));
  return [...user, ...parts, ...values.map(([, value]) => value)];
}

/** The form in which a URL is shown. */
function shownUrl(url: URL): string {
  const path = url.pathname.split('/').map((part) => (plain.test(part) ? part : HIDDEN));
  const user = url.username === '' && url.password === '' ? '' : `${HIDDEN}@`;
  return `${url.protocol}//${user}${url.host}${path.join('/')}${url.search === '' ? '' : `?${HIDDEN}`}`;
}

/** The values that came from the environment and are hidden: not names, paths and numbers. */
function hiddenValues(filled: readonly Filled[]): readonly string[] {
  return filled
    .filter(({ path: at }) => !['sensor', 'as', 'name'].includes(String(at.at(-1))))
    .map(({ value }) => value)
    .filter((value) => !path.test(value) && !/^\d+(?:\.\d+)?[a-z]*$|^(?:true|false)$/i.test(value))
    .filter((value) => !/^[a-z][a-z0-9+.-]*:\/\//i.test(value));
}

/** Creates an empty collection of secrets. */
export function createSecrets(): Secrets {
  const shownFor = new Map<string, string>();
  let known: readonly (readonly [secret: string, shown: string])[] = [];

  function add(secret: string, shown = HIDDEN): void {
    if (secret.trim().length < SHORTEST) return;
    for (const spelling of spellings(secret)) if (!shownFor.has(spelling)) shownFor.set(spelling, shown);
    // The longest first: one secret may be part of another.
    known = [...shownFor].sort(([a], [b]) => b.length - a.length);
  }

  function addUrl(text: string): void {
    if (!URL.canParse(text)) return;
    const url = new URL(text);
    for (const secret of secretsInUrl(url)) add(secret);
    const shown = shownUrl(url);
    const address = url.pathname + url.search;
    if (shown.endsWith(HIDDEN) && address.length > SHORTEST_PATH) add(address, `/${HIDDEN}`);
    if (shown.includes(HIDDEN)) for (const whole of [text, url.href]) add(whole, shown);
  }

  function learn(value: unknown, isSecret: boolean): void {
    if (typeof value === 'number' && isSecret) add(String(value));
    if (typeof value === 'string') {
      if (isSecret) add(value);
      for (const [, password = ''] of value.matchAll(/\/\/[^\s/:@]*:([^\s/@]+)@/g)) add(password);
      for (const [url] of value.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s,]+/gi)) addUrl(url);
    }
    if (Array.isArray(value)) for (const item of value) learn(item, isSecret);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) learn(inner, isSecret || holdsSecret(key, inner));
  }

  return {
    learn(options, filled = []) {
      learn(options, false);
      for (const value of hiddenValues(filled)) add(value);
    },
    hide: (text) => known.reduce((hidden, [secret, shown]) => hidden.replaceAll(secret, () => shown), text),
  };
}
