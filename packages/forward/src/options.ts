import { parseOptions } from '@ihandler/core';
import { addresses, durationOption, sizeOption, tlsOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** The environment variable with the token, for configurations without the option. */
export const TOKEN_VARIABLE = 'IHANDLER_FORWARD_TOKEN';

/** A SHA-256 in hexadecimal digits, with or without colons, or in base64 after `sha256//`, as in curl. */
const pinPattern = /^(?:[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){31}|sha256\/\/[A-Za-z0-9+/]{43}=)$/;

/** The options as a user writes them. Manifest and README are generated from or checked against this schema. */
export const optionsSchema = z.strictObject({
  url: z
    .string('expected the URL of the hub')
    .refine(isUsable, 'expected a URL such as "https://hub.example:8443/", without user and password')
    .meta({
      description: 'URL of the hub (the port of its source http).',
      examples: ['https://hub.example:8443/'],
    }),
  token: z
    .string('expected a token')
    .regex(/^[\x21-\x7e]{1,4096}$/, 'expected a token without spaces')
    .optional()
    .describe(`Token for the hub. Default: the environment variable ${TOKEN_VARIABLE}.`),
  tls: tlsOption
    .optional()
    .describe('TLS settings. `insecure: true` also allows plain http to another machine.'),
  pin: z
    .string('expected a SHA-256')
    .regex(pinPattern, 'expected a SHA-256: 64 hexadecimal digits, or "sha256//" and base64')
    .optional()
    .describe(
      "SHA-256 of the hub's certificate or of its public key. The hub must have this certificate or key.",
    ),
  maxPostSize: sizeOption('1MiB', { min: '1KiB', max: '64MiB' })
    .prefault('1MiB')
    .describe('Largest post, before compression.'),
  timeout: durationOption('15s', { min: '100ms', max: '10m' })
    .prefault('15s')
    .describe('How long the hub may take to answer a post.'),
});

/** Options of {@link forward}. */
export interface ForwardOptions {
  /** URL of the hub (the port of its source `http`): `https`, or `http` on this machine. */
  readonly url: string;
  /** Token for the hub. @default the environment variable `IHANDLER_FORWARD_TOKEN` */
  readonly token?: string;
  /** TLS settings: paths of PEM files; `insecure` accepts an unverified certificate and plain http to another machine. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly insecure?: boolean;
  };
  /** SHA-256 of the hub's certificate or of its public key (DER); no other certificate is accepted. */
  readonly pin?: string;
  /** Largest post, before compression. @default "1MiB" */
  readonly maxPostSize?: string;
  /** How long the hub may take to answer a post. @default "15s" */
  readonly timeout?: string;
}

/** The parsed options. */
export type Settings = Readonly<z.output<typeof optionsSchema>>;

function isUsable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function checkTogether({ url, tls, pin }: Settings, context: z.core.$RefinementCtx): void {
  // An invalid URL has its own problem already.
  if (!isUsable(url)) return;
  const { protocol, hostname } = new URL(url);
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: path.split('.'), message, input: undefined });
  const insecure = tls?.insecure === true;
  if (protocol === 'http:' && !addresses.isLoopback(hostname) && !insecure)
    issue('url', 'expected https; plain http to another machine requires "tls: { insecure: true }"');
  if (protocol === 'http:' && tls?.ca !== undefined) issue('tls.ca', 'expected only with https');
  if (protocol === 'http:' && pin !== undefined) issue('pin', 'expected only with https');
  if (tls?.ca !== undefined && pin !== undefined) issue('pin', 'expected "tls.ca" or "pin", not both');
  if (insecure && pin !== undefined) issue('pin', 'expected "pin" or "tls.insecure", not both');
}

/** Parses the options; throws `OPTIONS_INVALID`. */
export function readOptions(options: unknown): Settings {
  const settings = parseOptions(optionsSchema.superRefine(checkTogether), options, 'forward');
  const token = settings.token ?? process.env[TOKEN_VARIABLE];
  return token === undefined ? settings : { ...settings, token };
}
