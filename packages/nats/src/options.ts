import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { ageOption, durationOption, sizeOption, tlsOption } from '@ihandler/core/kit';
import { z } from 'zod';

const path = z
  .string()
  .refine((text) => isAbsolute(text) && !text.includes('\0'), 'expected an absolute path')
  .meta({ format: 'path', access: 'read' });

const common = {
  url: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(
      'URL of a server such as "nats://n1.example.org:4222", or a list. A connected server announces the others of its cluster.',
    ),
  stream: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, "_" and "-"')
    .default('IHANDLER')
    .describe('Name of the JetStream stream.'),
  prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
      'expected words of letters, digits, "_" and "-", separated by dots',
    )
    .default('ihandler')
    .describe('Prefix of every subject.'),
  partitions: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe(
      'Number of partitions. Must be the same on every publisher and hub, and cannot be changed later.',
    ),
  user: z.string().min(1).optional().describe('User name, if the server requires one.'),
  password: z
    .string()
    .min(1)
    .optional()
    .describe('Password of the user. Default: the environment variable IHANDLER_NATS_PASSWORD.'),
  token: z
    .string()
    .min(1)
    .optional()
    .describe('Token, if the server requires one. Default: the environment variable IHANDLER_NATS_TOKEN.'),
  credentials: path.optional().describe('Credentials file (.creds) as created by nsc.'),
  tls: tlsOption
    .optional()
    .describe('TLS settings. For a server with a public certificate, `tls://` in the URL is enough.'),
  create: z
    .strictObject({
      maxSize: sizeOption('50GB').optional(),
      keep: ageOption('7d').optional(),
      replicas: z.int().min(1).max(5).default(1),
      duplicateWindow: durationOption('10m').prefault('10m'),
    })
    .optional()
    .describe(
      'Create the stream if it does not exist: `maxSize` and `keep` limit it (the oldest messages are deleted), `replicas` is the number of servers that store each message, `duplicateWindow` is how long the server recognises duplicates.',
    ),
};

/** The options of the handler as a user writes them. */
export const publisherSchema = z.strictObject(common);

/** Options of the handler. */
export type NatsOptions = Readonly<z.input<typeof publisherSchema>>;

/** The options of the source as a user writes them. */
export const subscriberSchema = z.strictObject({
  ...common,
  take: z
    .array(z.int().min(0).max(4095))
    .min(1)
    .optional()
    .describe('Partitions that this hub reads. Each partition belongs to exactly one hub. Default: all.'),
  reorderTimeout: durationOption('60s', { min: '1s', max: '1h' })
    .prefault('60s')
    .describe('How long an incident waits for an earlier one of its stream that has not arrived yet.'),
});

/** The parsed options of the source. */
export type SubscriberSettings = Readonly<z.output<typeof subscriberSchema>>;

/** Options of the source. */
export type NatsSourceOptions = Readonly<z.input<typeof subscriberSchema>>;

/** The parsed options that handler and source share. */
export type CommonSettings = Readonly<z.output<z.ZodObject<typeof common>>>;

/** Parses the options of the handler; throws `OPTIONS_INVALID`. */
export function readPublisherOptions(options: unknown): z.output<typeof publisherSchema> {
  return parseOptions(publisherSchema, options, 'nats');
}

/** Parses the options of the source; throws `OPTIONS_INVALID`. */
export function readSubscriberOptions(options: unknown): SubscriberSettings {
  return parseOptions(subscriberSchema, options, 'nats');
}
