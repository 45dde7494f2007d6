import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';
import { brokerOptions, channelName } from './connection/broker-options.ts';

/** The default channel of whole incidents. */
export const WHOLE_INCIDENTS = 'ihandler.incidents';

const folder = z
  .string()
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'expected an absolute path')
  .meta({ format: 'path', access: 'read' });

/** The options of the handler as a user writes them. */
export const publisherSchema = z.strictObject({
  ...brokerOptions,
  dionaea: z
    .boolean()
    .default(true)
    .describe("Publish on dionaea's own channels too, so that existing hubs keep working."),
  channel: z
    .union([channelName, z.literal(false)])
    .default(WHOLE_INCIDENTS)
    .describe('Channel for whole incidents, which other ihandlers read; false publishes none.'),
  maxMessageSize: sizeOption('1MiB', { min: '4KiB', max: '1MiB' })
    .prefault('1MiB')
    .describe('Largest message that the broker accepts. The longest texts of larger incidents are cut.'),
  sampleFolders: z
    .array(folder)
    .default([])
    .describe(
      'Folders with samples that may be read, for the SHA-512 in "dionaea.capture" and for "contents".',
    ),
  contents: z
    .boolean()
    .default(false)
    .describe('Publish the contents of new samples, as dionaea does. Requires "sampleFolders".'),
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
    .describe("Channels to subscribe to: channels of whole incidents, and dionaea's own."),
  sensor: z
    .enum(['incident', 'ident'])
    .default('incident')
    .describe(
      'Sensor of a whole incident: "incident" trusts the name in the message, "ident" uses the identity of its publisher.',
    ),
  streams: z
    .enum(['first', 'anyone'])
    .default('first')
    .describe(
      'Who may continue a stream of incidents: "first" is the identity that published its first incident, "anyone" is every identity.',
    ),
});

/** The parsed options of the source. */
export type SubscriberSettings = Readonly<z.output<typeof subscriberSchema>>;

/** Options of the source. */
export type HpfeedsSourceOptions = Readonly<z.input<typeof subscriberSchema>>;

/** Parses the options of the handler; throws `OPTIONS_INVALID`. */
export function readPublisherOptions(options: unknown): z.output<typeof publisherSchema> {
  return parseOptions(publisherSchema, options, 'hpfeeds');
}

/** Parses the options of the source; throws `OPTIONS_INVALID`. */
export function readSubscriberOptions(options: unknown): SubscriberSettings {
  return parseOptions(subscriberSchema, options, 'hpfeeds');
}
