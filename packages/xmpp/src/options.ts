import { isAbsolute } from 'node:path';
import { compileGlob, describeError, IhandlerError, parseOptions } from '@ihandler/core';
import { readTls, sizeOption, type TlsOption, type TlsSettings, tlsOption } from '@ihandler/core/kit';
import { z } from 'zod';

const roomAddress = z
  .string()
  .regex(/^[^@/\s]+@[^@/\s]+$/, 'expected the address of a room, such as anon-events@rooms.example.org');
const glob = z.string().superRefine((text, context) => {
  try {
    compileGlob(text);
  } catch (error) {
    context.addIssue(describeError(error));
  }
});
const folder = z
  .string()
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'expected an absolute path')
  .meta({ format: 'path', access: 'read' });

const account = {
  url: z
    .string()
    .regex(/^xmpps?:\/\/[^/\s]+$/, 'expected xmpp://HOST[:PORT] (STARTTLS) or xmpps://HOST[:PORT] (TLS)')
    .describe('URL of the server: "xmpp://HOST:5222" with STARTTLS, or "xmpps://HOST:5223".'),
  username: z
    .string()
    .regex(/^[^@/\s]+@[^@/\s]+$/, 'expected user@domain')
    .describe('The account, as user@domain.'),
  password: z
    .string()
    .min(1)
    .optional()
    .describe('Password of the account. Default: the environment variable IHANDLER_XMPP_PASSWORD.'),
  nick: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Nick in the rooms. Default: the user, a hyphen and the resource, as in dionaea.'),
  resource: z.string().min(1).max(100).optional().describe('Resource. Default: eight random letters.'),
  tls: tlsOption
    .optional()
    .describe('TLS settings. Connections to loopback addresses may always be unencrypted.'),
};

/** The options of the handler as a user writes them. */
export const publisherSchema = z.strictObject({
  ...account,
  rooms: z
    .array(
      z.strictObject({
        room: roomAddress,
        only: z.array(glob).min(1).optional(),
        except: z.array(glob).optional(),
        mask: z.boolean().default(true),
        contents: z.boolean().default(false),
      }),
    )
    .min(1)
    .describe(
      "The rooms. `room` is the address, `only` and `except` are globs over origins, `mask: false` includes the sensor's address, and `contents: true` sends the contents of new samples.",
    ),
  sampleFolders: z
    .array(folder)
    .default([])
    .describe('Folders with samples that may be read, for rooms with `contents`.'),
  maxStanzaSize: sizeOption('250kB', { min: '10kB', max: '64MiB' })
    .prefault('250kB')
    .describe('Largest stanza that the server accepts.'),
});

/** Options of the handler. */
export type XmppOptions = Readonly<z.input<typeof publisherSchema>>;

/** The options of the source as a user writes them. */
export const subscriberSchema = z.strictObject({
  ...account,
  rooms: z.array(roomAddress).min(1).describe('Addresses of the rooms to listen to.'),
  from: z
    .enum(['now', 'beginning'])
    .default('now')
    .describe(
      "Where to start on the first run: with new messages, or at the beginning of the rooms' archives.",
    ),
  sensor: z
    .enum(['incident', 'occupant'])
    .default('incident')
    .describe(
      'Sensor of a whole incident: "incident" trusts the name in the message, "occupant" uses the nick of its publisher.',
    ),
  streams: z
    .enum(['first', 'anyone'])
    .default('first')
    .describe(
      'Who may continue a stream of incidents: "first" is the occupant that published its first incident (if the room identifies its occupants), "anyone" is every occupant.',
    ),
});

/** The parsed options of the source. */
export type SubscriberSettings = Readonly<z.output<typeof subscriberSchema>>;

/** Options of the source. */
export type XmppSourceOptions = Readonly<z.input<typeof subscriberSchema>>;

/** An account at a server. */
export interface Account {
  readonly url: string;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly nick: string | undefined;
  readonly resource: string | undefined;
  /** Whether the connection may be unencrypted. */
  readonly insecure: boolean;
  /** Undefined: public certificate authorities. */
  readonly tls: TlsSettings | undefined;
}

interface AccountOptions {
  readonly url: string;
  readonly username: string;
  readonly password?: string | undefined;
  readonly nick?: string | undefined;
  readonly resource?: string | undefined;
  readonly tls?: TlsOption | undefined;
}

/** Resolves the password and the certificates, which only a connection needs. Throws `OPTIONS_INVALID`. */
export function accountOf({ url, username, nick, resource, tls, ...options }: AccountOptions): Account {
  const password = options.password ?? process.env['IHANDLER_XMPP_PASSWORD'];
  if (password === undefined || password === '')
    throw new IhandlerError(
      'OPTIONS_INVALID',
      'xmpp: expected the password of the account in the option "password" or in the environment variable IHANDLER_XMPP_PASSWORD; found neither.',
    );
  const [user = '', domain = ''] = username.split('@');
  const insecure = tls?.insecure ?? false;
  return { url, user, domain, password, nick, resource, insecure, tls: tls && readTls(tls, 'xmpp') };
}

/** Parses the options of the handler; throws `OPTIONS_INVALID`. */
export function readPublisherOptions(options: unknown): z.output<typeof publisherSchema> {
  return parseOptions(publisherSchema, options, 'xmpp');
}

/** Parses the options of the source; throws `OPTIONS_INVALID`. */
export function readSubscriberOptions(options: unknown): SubscriberSettings {
  return parseOptions(subscriberSchema, options, 'xmpp');
}
