import { parseOptions } from '@ihandler/core';
import { addresses, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';
import type { Client } from './clients.ts';

/** The environment variable for the token where no option sets it. */
export const TOKEN_VARIABLE = 'IHANDLER_HTTP_TOKEN';

/** A token may be the last part of a path, so it holds only characters that a path leaves unchanged. */
const tokenSchema = z
  .string('expected a token')
  .regex(
    /^[A-Za-z0-9._~+=-]{16,256}$/,
    'expected 16 to 256 letters, digits or ._~+=- (generate one with "openssl rand -hex 24")',
  );

const sensorSchema = z.string('expected the name of a sensor').min(1).max(200);

function pemFile(description: string) {
  return z
    .string('expected the path of a PEM file')
    .min(1)
    .meta({ description, format: 'path', access: 'read' });
}

/** An entry of `sensors`. */
export const sensorEntrySchema = z.strictObject({
  sensor: sensorSchema.describe(
    'Sensor whose incidents the token may post; "*" for a hub, which may post those of any sensor.',
  ),
  token: tokenSchema.describe('Token that the client sends.'),
});

/** The options of every port. A source that is built on {@link createHttpPort} adds its own. */
export const portShape = {
  port: z
    .int('expected a port')
    .min(0)
    .max(65_535)
    .meta({
      description: 'Port to listen on; 0 for any free port.',
      format: 'port',
      examples: [8080],
    }),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Every address but a loopback address requires a token.'),
  token: tokenSchema
    .optional()
    .describe(
      `Token that clients send to post for any sensor. Default: the environment variable ${TOKEN_VARIABLE}.`,
    ),
  sensors: z.array(sensorEntrySchema).min(1).optional().describe('Several sensors, each with its own token.'),
  tls: z
    .strictObject({
      cert: pemFile('PEM file with the certificate and its chain.'),
      key: pemFile('PEM file with the private key of the certificate.'),
    })
    .optional()
    .describe('Certificate for HTTPS. Default: plain HTTP.'),
  maxBody: sizeOption('4MiB', { min: '1KiB', max: '64MiB' })
    .prefault('4MiB')
    .describe('Largest post, uncompressed.'),
  maxConnections: z.int().min(1).max(10_000).default(100).describe('Maximum number of open connections.'),
};

/** Parsed options of a port: defaults are filled in, sizes are in bytes. */
export type PortSettings = z.output<z.ZodObject<typeof portShape>>;

/** The schema of the options, which the manifest in package.json repeats as JSON Schema. */
export const optionsSchema = z.strictObject(portShape);

/** Options of the source `http`. */
export interface HttpOptions {
  /** Port to listen on; 0 for any free port. */
  readonly port: number;
  /** Address to listen on. Every address but a loopback address requires a token. @default "127.0.0.1" */
  readonly host?: string;
  /** Token that clients send to post for any sensor: 16 to 256 characters. @default the environment variable `IHANDLER_HTTP_TOKEN` */
  readonly token?: string;
  /** Several sensors, each with its own token. The sensor `*` is a hub, which may post for any sensor. */
  readonly sensors?: readonly { readonly sensor: string; readonly token: string }[];
  /** PEM files for HTTPS: the certificate with its chain, and its private key. Read once, when the source starts. @default plain HTTP */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Largest post, uncompressed, such as `4MiB`. @default "4MiB" */
  readonly maxBody?: string;
  /** Maximum number of open connections; a further one replaces one that waits for its client. @default 100 */
  readonly maxConnections?: number;
}

/** The options that decide which clients may post. */
type AccessOptions = Pick<PortSettings, 'host' | 'token'> & {
  readonly sensors?: readonly { readonly sensor: string; readonly token: string }[] | undefined;
};

/** Reports options of a port that do not fit together. For `superRefine`, after the schema has checked each option. */
export function checkPort(options: AccessOptions, context: z.core.$RefinementCtx): void {
  const { host, token = process.env[TOKEN_VARIABLE], sensors = [] } = options;
  const issue = (path: PropertyKey[], message: string) =>
    context.addIssue({ code: 'custom', path, message, input: undefined });
  if (token === undefined && sensors.length === 0 && !addresses.isLoopback(host))
    issue(
      ['token'],
      `expected a token, since "host" is not a loopback address: set "token", "sensors" or ${TOKEN_VARIABLE}`,
    );
  else if (options.token === undefined && token !== undefined && !tokenSchema.safeParse(token).success)
    issue(['token'], `expected in ${TOKEN_VARIABLE} 16 to 256 letters, digits or ._~+=-`);
  const seen = new Set(token === undefined ? [] : [token]);
  for (const [index, entry] of sensors.entries()) {
    if (seen.has(entry.token)) issue(['sensors', index, 'token'], 'expected a token that no other entry has');
    seen.add(entry.token);
  }
}

/** The clients that may post: one with `token` (or without any, when no token is set at all), and one for each of `sensors`. */
export function clientsOf({ token = process.env[TOKEN_VARIABLE], sensors = [] }: AccessOptions): Client[] {
  const first = token === undefined ? (sensors.length === 0 ? [{}] : []) : [{ token }];
  const others = sensors.map((entry) =>
    entry.sensor === '*' ? { token: entry.token } : { token: entry.token, sensor: entry.sensor },
  );
  return [...first, ...others];
}

/** Parses the options; throws `OPTIONS_INVALID` that lists all problems. */
export function readOptions(options: unknown): PortSettings {
  return parseOptions(optionsSchema.superRefine(checkPort), options, 'http');
}
