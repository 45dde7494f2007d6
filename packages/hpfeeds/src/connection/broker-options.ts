import { IhandlerError } from '@ihandler/core';
import { readTls, type TlsOption, type TlsSettings, tlsOption } from '@ihandler/core/kit';
import { z } from 'zod';
import { MAX_NAME } from './frame.ts';

const name = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= MAX_NAME, `expected at most ${MAX_NAME} bytes`);

/** The options of a broker, for handler and source; their names are dionaea's. */
export const brokerOptions = {
  server: z.string().min(1).describe('Host name or address of the broker.'),
  port: z.int().min(1).max(65535).default(10000).describe('Port of the broker.'),
  ident: name.describe('Identity that the broker knows this client by.'),
  secret: z
    .string()
    .min(1)
    .optional()
    .describe('Secret of the identity. Default: the environment variable IHANDLER_HPFEEDS_SECRET.'),
  tls: tlsOption
    .optional()
    .describe('Connect with TLS; `{}` trusts the public certificate authorities. Default: no TLS.'),
};

/** A channel's name, as a schema. */
export const channelName = name;

/** A broker and the identity of this client. */
export interface Broker {
  readonly server: string;
  readonly port: number;
  readonly ident: string;
  readonly secret: string;
  /** Undefined: no TLS. */
  readonly tls: TlsSettings | undefined;
}

interface BrokerOptions {
  readonly server: string;
  readonly port: number;
  readonly ident: string;
  readonly secret?: string | undefined;
  readonly tls?: TlsOption | undefined;
}

/** Resolves the secret and the certificates, which only a connection needs. Throws `OPTIONS_INVALID`. */
export function brokerOf({ server, port, ident, secret, tls }: BrokerOptions): Broker {
  const resolved = secret ?? process.env['IHANDLER_HPFEEDS_SECRET'];
  if (resolved === undefined || resolved === '')
    throw new IhandlerError(
      'OPTIONS_INVALID',
      'hpfeeds: expected the secret for the broker in the option "secret" or in the environment variable IHANDLER_HPFEEDS_SECRET; found neither.',
    );
  return { server, port, ident, secret: resolved, tls: tls && readTls(tls, 'hpfeeds') };
}
