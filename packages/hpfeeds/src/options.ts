import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { z } from 'zod';
import { brokerOptions, channelName } from './broker-options.ts';

/** The channel of whole incidents when nobody says otherwise. */
export const WHOLE_INCIDENTS = 'ihandler.incidents';

const folder = z
  .string()
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'expected an absolute path')
  .meta({ format: 'path' });

/** The options of the handler as a user writes them. */
export const publisherSchema = z.strictObject({
  ...brokerOptions,
  dionaea: z
    .boolean()
    .default(true)
    .describe("Whether dionaea's own channels are published too, so that existing hubs keep working."),
  channel: z
    .union([channelName, z.literal(false)])
    .default(WHOLE_INCIDENTS)
    .describe('The channel for whole incidents, which other ihandlers read; false for none.'),
  localAddress: z
    .enum(['mask', 'keep'])
    .default('mask')
    .describe('"keep" tells the sensor\'s own address; else 127.0.0.1 stands wherever it is named.'),
  maxMessage: z
    .int()
    .min(4096)
    .max(1024 * 1024)
    .default(1024 * 1024)
    .describe(
      'The longest message that the broker takes, in bytes. Longer incidents have their longest texts cut.',
    ),
  samples: z
    .array(folder)
    .default([])
    .describe('Folders of samples that may be read: for the SHA-512 in "dionaea.capture".'),
  contents: z
    .boolean()
    .default(false)
    .describe(
      'Whether the contents of new samples are published, as dionaea does. They must lie in "samples".',
    ),
});

/** Options of the handler. */
export type HpfeedsOptions = Readonly<z.input<typeof publisherSchema>>;

/** The options of the source as a user writes them. */
export const subscriberSchema = z.strictObject({
  ...brokerOptions,
  channels: z
    .array(channelName)
    .min(1)
    .default([WHOLE_INCIDENTS])
    .describe("The channels to subscribe to: of whole incidents, and dionaea's own."),
  sensor: z
    .enum(['incident', 'ident'])
    .default('incident')
    .describe(
      'Whom a whole incident is taken for: the sensor that it names, or, where publishers do not trust each other, the ident that the broker has checked.',
    ),
  streams: z
    .enum(['first', 'anyone'])
    .default('first')
    .describe(
      'Who may go on with a stream of incidents: only the ident that published the first of it, or anyone.',
    ),
});

/** The options of the source, after the door. */
export type SubscriberSettings = Readonly<z.output<typeof subscriberSchema>>;

/** Options of the source. */
export type HpfeedsSourceOptions = Readonly<z.input<typeof subscriberSchema>>;

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readPublisherOptions(options: unknown): z.output<typeof publisherSchema> {
  return parseOptions(publisherSchema, options, 'hpfeeds');
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readSubscriberOptions(options: unknown): SubscriberSettings {
  return parseOptions(subscriberSchema, options, 'hpfeeds');
}
