import { parseOptions } from '@ihandler/core';
import { z } from 'zod';
import type { Sender } from './senders.ts';

/** The environment variable that holds the token where no option does. */
export const TOKEN_VARIABLE = 'IHANDLER_HTTP_TOKEN';

/** A token as an option: it may be the last part of a path, so it holds nothing that a path would change. */
const tokenSchema = z
  .string('expected a token')
  .regex(
    /^[A-Za-z0-9._~+=-]{16,256}$/,
    'expected 16 to 256 letters, digits or ._~+=- (such as "openssl rand -hex 24" prints)',
  );

const sensorSchema = z.string('expected the name of a sensor').min(1).max(200);
const fileSchema = z.string('expected the path of a PEM file').min(1);

/** An entry of `sensors`. */
export const entrySchema = z.strictObject({
  sensor: sensorSchema.describe('The sensor that it speaks for; "*" for a hub, which speaks for any.'),
  token: tokenSchema.describe('What it shows.'),
});

/** What every port can be told. A source that is built on {@link createHttpPort} adds its own. */
export const portShape = {
  port: z
    .int('expected a port')
    .min(0)
    .max(65_535)
    .meta({
      description: 'The port to listen on; 0 takes any that is free.',
      format: 'port',
      examples: [8080],
    }),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('The address to listen on. Any but a loopback address needs a token.'),
  token: tokenSchema
    .optional()
    .describe(
      `What whoever posts must show, for any sensor. Default: the environment variable ${TOKEN_VARIABLE}.`,
    ),
  sensors: z.array(entrySchema).min(1).optional().describe('Several sensors, each with a token of its own.'),
  cert: fileSchema.optional().meta({
    description: 'A PEM file with the certificate (and chain), for HTTPS.',
    format: 'path',
    access: 'read',
  }),
  key: fileSchema.optional().meta({
    description: 'The PEM file with the private key of the certificate.',
    format: 'path',
    access: 'read',
  }),
  maxBody: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(4 * 1024 * 1024)
    .describe('The largest post, in bytes, uncompressed.'),
  maxConnections: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('How many connections may be open at a time.'),
};

/** Options with their defaults, as far as they concern the port. */
export type PortSettings = z.output<z.ZodObject<typeof portShape>>;

/** The options as JSON Schema sees them; the manifest in package.json repeats it. */
export const optionsSchema = z.strictObject(portShape);

/** Options of the source `http`. */
export interface HttpOptions {
  /** The port to listen on; 0 takes any that is free. */
  readonly port: number;
  /** The address to listen on. Any but a loopback address needs a token. @default "127.0.0.1" */
  readonly host?: string;
  /** What whoever posts must show, who may then speak for any sensor: 16 to 256 characters. @default the environment variable `IHANDLER_HTTP_TOKEN` */
  readonly token?: string;
  /** Several sensors, each with a token of its own. The sensor `*` is a hub that speaks for any. */
  readonly sensors?: readonly { readonly sensor: string; readonly token: string }[];
  /** A PEM file with the certificate and its chain: the port then speaks HTTPS. Read once, when the source starts. */
  readonly cert?: string;
  /** The PEM file with the private key of the certificate. */
  readonly key?: string;
  /** The largest post, in bytes, uncompressed. @default 4194304 */
  readonly maxBody?: number;
  /** How many connections may be open at a time; further ones are closed at once. @default 100 */
  readonly maxConnections?: number;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** What a port's options say of who may post. */
type WhoMayPost = Pick<PortSettings, 'host' | 'token' | 'cert' | 'key'> & {
  readonly sensors?: readonly { readonly sensor: string; readonly token: string }[] | undefined;
};

/** Tells what does not go together in options of a port: for `superRefine`, beside what each option must be by itself. */
export function checkPort(options: WhoMayPost, context: z.core.$RefinementCtx): void {
  const { host, token = process.env[TOKEN_VARIABLE], sensors = [], cert, key } = options;
  const issue = (path: PropertyKey[], message: string) =>
    context.addIssue({ code: 'custom', path, message, input: undefined });
  if (token === undefined && sensors.length === 0 && !isLoopback(host))
    issue(
      ['token'],
      `expected a token, since "host" is not a loopback address: set "token", "sensors" or ${TOKEN_VARIABLE}`,
    );
  else if (options.token === undefined && token !== undefined && !tokenSchema.safeParse(token).success)
    issue(['token'], `expected in ${TOKEN_VARIABLE} 16 to 256 letters, digits or ._~+=-`);
  if ((cert === undefined) !== (key === undefined))
    issue([cert === undefined ? 'cert' : 'key'], 'expected both "cert" and "key", or neither');
  const seen = new Set(token === undefined ? [] : [token]);
  for (const [index, entry] of sensors.entries()) {
    if (seen.has(entry.token)) issue(['sensors', index, 'token'], 'expected a token that no other entry has');
    seen.add(entry.token);
  }
}

/** Who may post, as options say: the owner of `token` (or anybody, when there is no token at all), and each of `sensors`. */
export function sendersOf({ token = process.env[TOKEN_VARIABLE], sensors = [] }: WhoMayPost): Sender[] {
  const first = token === undefined ? (sensors.length === 0 ? [{}] : []) : [{ token }];
  const others = sensors.map((entry) =>
    entry.sensor === '*' ? { token: entry.token } : { token: entry.token, sensor: entry.sensor },
  );
  return [...first, ...others];
}

/** Checks what a user wrote; throws `OPTIONS_INVALID` with all problems. */
export function readOptions(options: unknown): PortSettings {
  return parseOptions(optionsSchema.superRefine(checkPort), options, 'http');
}
