import { parseOptions } from '@ihandler/core';
import { z } from 'zod';

/** The environment variable that holds the token where the option does not. */
export const TOKEN_VARIABLE = 'IHANDLER_FORWARD_TOKEN';

/** A SHA-256 in hexadecimal digits, with or without colons, or in base64 behind `sha256//`, as curl writes it. */
const pinPattern = /^(?:[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){31}|sha256\/\/[A-Za-z0-9+/]{43}=)$/;

/** The options as a user writes them. Manifest and README come from here. */
export const optionsSchema = z.strictObject({
  url: z
    .string('expected the address of the other ihandler')
    .refine(isUsable, 'expected an address such as "https://hub.example:8443/", without user and password')
    .meta({
      description: 'Where the other ihandler takes posts (its source http).',
      examples: ['https://hub.example:8443/'],
    }),
  token: z
    .string('expected a token')
    .regex(/^[\x21-\x7e]{1,4096}$/, 'expected a token without blanks')
    .optional()
    .describe(`What the other one knows us by. Default: the environment variable ${TOKEN_VARIABLE}.`),
  ca: z.string('expected the path of a PEM file').min(1).optional().meta({
    description:
      'A PEM file with the certificates of those who may have signed the certificate of the other one.',
    format: 'path',
    access: 'read',
  }),
  pin: z
    .string('expected a SHA-256')
    .regex(pinPattern, 'expected a SHA-256: 64 hexadecimal digits, or "sha256//" and base64')
    .optional()
    .describe('The SHA-256 of the certificate of the other one, or of its public key; whoever signed it.'),
  insecure: z
    .boolean('expected true or false')
    .default(false)
    .describe('Send over plain http to another machine, for everybody on the way to read.'),
  localAddress: z
    .enum(['mask', 'keep'], 'expected "mask" or "keep"')
    .default('mask')
    .describe("Whether the sensor's own address is replaced by 127.0.0.1."),
  maxBytes: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('The largest post, in bytes, uncompressed.'),
  timeout: z
    .int()
    .min(100)
    .max(600_000)
    .default(15_000)
    .describe('How long a post may take, in milliseconds.'),
});

/** Options of {@link forward}. */
export interface ForwardOptions {
  /** Where the other ihandler takes posts (its source `http`): `https`, or `http` on this machine. */
  readonly url: string;
  /** What the other one knows us by. @default the environment variable `IHANDLER_FORWARD_TOKEN` */
  readonly token?: string;
  /** A PEM file with the certificates of those who may have signed the other one's. @default those that Node.js knows */
  readonly ca?: string;
  /** The SHA-256 of the other one's certificate, or of its public key (DER): no other is taken, whoever signed it. */
  readonly pin?: string;
  /** Sends over plain `http` to another machine, too. @default false */
  readonly insecure?: boolean;
  /** Whether the sensor's own address is replaced by 127.0.0.1 before anything leaves. @default "mask" */
  readonly localAddress?: 'keep' | 'mask';
  /** The largest post, in bytes, uncompressed. @default 1048576 */
  readonly maxBytes?: number;
  /** How long a post may take, in milliseconds. @default 15000 */
  readonly timeout?: number;
}

/** Options with their defaults. */
export type Settings = Readonly<z.output<typeof optionsSchema>>;

function isUsable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function checkTogether({ url, ca, pin, insecure }: Settings, context: z.core.$RefinementCtx): void {
  // What is no address has been told already.
  if (!isUsable(url)) return;
  const { protocol, hostname } = new URL(url);
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message, input: undefined });
  if (protocol === 'http:' && !isLoopback(hostname) && !insecure)
    issue('url', 'expected https: to send to another machine over plain http, say "insecure: true"');
  if (protocol === 'http:' && ca !== undefined) issue('ca', 'expected only with https');
  if (protocol === 'http:' && pin !== undefined) issue('pin', 'expected only with https');
  if (ca !== undefined && pin !== undefined) issue('pin', 'expected "ca" or "pin", not both');
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readOptions(options: unknown): Settings {
  const settings = parseOptions(optionsSchema.superRefine(checkTogether), options, 'forward');
  const token = settings.token ?? process.env[TOKEN_VARIABLE];
  return token === undefined ? settings : { ...settings, token };
}
