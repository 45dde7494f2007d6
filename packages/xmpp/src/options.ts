import { isAbsolute } from 'node:path';
import { compileGlob, describeError, IhandlerError, parseOptions } from '@ihandler/core';
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
  .meta({ format: 'path' });

const account = {
  service: z
    .string()
    .regex(/^xmpps?:\/\/[^/\s]+$/, 'expected xmpp://HOST[:PORT] (STARTTLS) or xmpps://HOST[:PORT] (TLS)')
    .describe('Where the server is: "xmpp://HOST:5222" with STARTTLS, or "xmpps://HOST:5223".'),
  username: z
    .string()
    .regex(/^[^@/\s]+@[^@/\s]+$/, 'expected user@domain')
    .describe('The account: user@domain.'),
  password: z
    .string()
    .min(1)
    .optional()
    .describe('Its password. Default: the environment variable IHANDLER_XMPP_PASSWORD.'),
  nick: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('The name in the rooms. Default: the user, a hyphen and the resource, as dionaea did.'),
  resource: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('The resource. Default: eight letters, by chance.'),
  insecure: z
    .boolean()
    .default(false)
    .describe('Whether to go on without TLS where the server offers none. Loopback never needs it.'),
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
        localAddress: z.enum(['mask', 'keep']).default('mask'),
        contents: z.boolean().default(false),
      }),
    )
    .min(1)
    .describe(
      "The rooms: `room` is the address; `only` and `except` are globs over origins; `localAddress: keep` tells the sensor's own address, `contents: true` sends new samples whole.",
    ),
  samples: z
    .array(folder)
    .default([])
    .describe('Folders of samples that may be read, for rooms with `contents`.'),
  maxStanza: z
    .int()
    .min(10_000)
    .max(64 * 1024 * 1024)
    .default(250_000)
    .describe('The longest stanza that the server takes, in bytes.'),
});

/** Options of the handler. */
export type XmppOptions = Readonly<z.input<typeof publisherSchema>>;

/** The options of the source as a user writes them. */
export const subscriberSchema = z.strictObject({
  ...account,
  rooms: z.array(roomAddress).min(1).describe('The rooms to listen to.'),
  from: z
    .enum(['now', 'beginning'])
    .default('now')
    .describe(
      'Where to begin when it was never here: with what comes, or with all that the archives of the rooms have.',
    ),
  sensor: z
    .enum(['incident', 'occupant'])
    .default('incident')
    .describe(
      'Whom a whole incident is taken for: the sensor that it names, or, where the occupants of a room do not trust each other, the name of the occupant.',
    ),
  streams: z
    .enum(['first', 'anyone'])
    .default('first')
    .describe(
      'Who may go on with a stream of incidents: only whoever said the first of it (where the room says who is speaking), or anyone in the room.',
    ),
});

/** The options of the source, after the door. */
export type SubscriberSettings = Readonly<z.output<typeof subscriberSchema>>;

/** Options of the source. */
export type XmppSourceOptions = Readonly<z.input<typeof subscriberSchema>>;

/** Who we are at which server. */
export interface Account {
  readonly service: string;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly nick: string | undefined;
  readonly resource: string | undefined;
  readonly insecure: boolean;
}

/** Finds the password when a connection is to be made. Throws `OPTIONS_INVALID`. */
export function accountOf(settings: {
  readonly service: string;
  readonly username: string;
  readonly password?: string | undefined;
  readonly nick?: string | undefined;
  readonly resource?: string | undefined;
  readonly insecure: boolean;
}): Account {
  const { service, username, nick, resource, insecure } = settings;
  const password = settings.password ?? process.env['IHANDLER_XMPP_PASSWORD'];
  if (password === undefined || password === '')
    throw new IhandlerError(
      'OPTIONS_INVALID',
      'xmpp: expected the password of the account, as the option "password" or in the environment variable IHANDLER_XMPP_PASSWORD; found neither.',
    );
  const [user = '', domain = ''] = username.split('@');
  return { service, user, domain, password, nick, resource, insecure };
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readPublisherOptions(options: unknown): z.output<typeof publisherSchema> {
  return parseOptions(publisherSchema, options, 'xmpp');
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readSubscriberOptions(options: unknown): SubscriberSettings {
  return parseOptions(subscriberSchema, options, 'xmpp');
}
