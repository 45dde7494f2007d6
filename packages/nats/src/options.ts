import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { durationOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

const path = z
  .string()
  .refine((text) => isAbsolute(text) && !text.includes('\0'), 'expected an absolute path')
  .meta({ format: 'path' });

const common = {
  servers: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(
      'The servers of the cluster, such as "nats://n1.example.org:4222"; one that is reached tells the others.',
    ),
  stream: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, "_" and "-"')
    .default('IHANDLER')
    .describe('The JetStream stream.'),
  prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
      'expected words of letters, digits, "_" and "-", with dots between',
    )
    .default('ihandler')
    .describe('What every subject begins with.'),
  partitions: z
    .int()
    .min(1)
    .max(4096)
    .default(16)
    .describe('Into how many partitions the sensors are divided: the same number everywhere, for good.'),
  user: z.string().min(1).optional().describe('The user, where the server asks for one.'),
  password: z
    .string()
    .min(1)
    .optional()
    .describe('Its password. Default: the environment variable IHANDLER_NATS_PASSWORD.'),
  token: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A token, where the server asks for one. Default: the environment variable IHANDLER_NATS_TOKEN.',
    ),
  credentials: path.optional().describe('A credentials file (.creds) as nsc makes it.'),
  tls: z
    .strictObject({
      ca: path.optional().describe('The certificates (PEM) that the servers must be signed by.'),
      cert: path.optional().describe('Our own certificate (PEM).'),
      key: path.optional().describe('The key of our own certificate (PEM).'),
    })
    .optional()
    .describe('TLS with certificates of your own; `tls://` in `servers` is enough for public ones.'),
  create: z
    .strictObject({
      maxBytes: sizeOption('50GB').optional(),
      maxAge: durationOption('7d').optional(),
      replicas: z.int().min(1).max(5).default(1),
      duplicates: durationOption('10m').default(600_000),
    })
    .optional()
    .describe(
      'Makes the stream where there is none: `maxBytes` and `maxAge` limit it (the oldest goes), `replicas` says on how many servers each message is, `duplicates` for how long the server knows what came.',
    ),
};

/** The options of the handler as a user writes them. */
export const publisherSchema = z.strictObject({
  ...common,
  localAddress: z
    .enum(['mask', 'keep'])
    .default('mask')
    .describe('"keep" tells the sensor\'s own address; else 127.0.0.1 stands wherever it is named.'),
});

/** Options of the handler. */
export type NatsOptions = Readonly<z.input<typeof publisherSchema>>;

/** The options of the source as a user writes them. */
export const subscriberSchema = z.strictObject({
  ...common,
  take: z
    .array(z.int().min(0).max(4095))
    .min(1)
    .optional()
    .describe('The partitions that this hub takes: each belongs to one hub only. Default: all.'),
  patience: z
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe(
      'How long an incident waits for the one before it, when the network changed their order, in seconds.',
    ),
});

/** The options of the source, after the door. */
export type SubscriberSettings = Readonly<z.output<typeof subscriberSchema>>;

/** Options of the source. */
export type NatsSourceOptions = Readonly<z.input<typeof subscriberSchema>>;

/** What both directions have in common, after the door. */
export type CommonSettings = Readonly<z.output<z.ZodObject<typeof common>>>;

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readPublisherOptions(options: unknown): z.output<typeof publisherSchema> {
  return parseOptions(publisherSchema, options, 'nats');
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readSubscriberOptions(options: unknown): SubscriberSettings {
  return parseOptions(subscriberSchema, options, 'nats');
}
