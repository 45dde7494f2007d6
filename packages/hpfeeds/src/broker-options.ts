import { readFileSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { z } from 'zod';
import { LONGEST_NAME } from './frame.ts';

const name = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= LONGEST_NAME, `expected at most ${LONGEST_NAME} bytes`);

/** What both directions need to know of a broker, as a user writes it. */
export const brokerOptions = {
  server: z.string().min(1).describe('The host of the broker.'),
  port: z.int().min(1).max(65535).default(10000).describe('Its port.'),
  ident: name.describe('The name that the broker knows us by.'),
  secret: z
    .string()
    .min(1)
    .optional()
    .describe('The secret that goes with it. Default: the environment variable IHANDLER_HPFEEDS_SECRET.'),
  tls: z.boolean().default(false).describe('Whether the broker speaks TLS.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A file with the certificates (PEM) that the broker must be signed by, instead of the public ones.',
    )
    .meta({ format: 'path' }),
  reconnect: z
    .number()
    .min(0.1)
    .max(3600)
    .default(10)
    .describe('How long to wait before it connects again, in seconds.'),
};

/** A channel's name, as a schema. */
export const channelName = name;

/** Where a broker is and who we are there. */
export interface Broker {
  readonly server: string;
  readonly port: number;
  readonly ident: string;
  readonly secret: string;
  /** Undefined: no TLS. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  /** In milliseconds. */
  readonly reconnect: number;
}

interface Given {
  readonly server: string;
  readonly port: number;
  readonly ident: string;
  readonly secret?: string | undefined;
  readonly tls: boolean;
  readonly ca?: string | undefined;
  readonly reconnect: number;
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `hpfeeds: ca: cannot read the certificates in ${file}: ${describeError(cause)}`,
      { cause },
    );
  }
}

/** Resolves what is needed only when a connection is made: the secret and the certificates. Throws `OPTIONS_INVALID`. */
export function brokerOf({ server, port, ident, secret, tls, ca, reconnect }: Given): Broker {
  const known = secret ?? process.env['IHANDLER_HPFEEDS_SECRET'];
  if (known === undefined || known === '')
    throw new IhandlerError(
      'OPTIONS_INVALID',
      'hpfeeds: expected the secret for the broker, as the option "secret" or in the environment variable IHANDLER_HPFEEDS_SECRET; found neither.',
    );
  const certificates = ca === undefined ? undefined : readCertificates(ca);
  return {
    server,
    port,
    ident,
    secret: known,
    tls: tls || ca !== undefined ? { ca: certificates } : undefined,
    reconnect: reconnect * 1000,
  };
}
