// The types of dionaea's incidents.

import { randomBytes } from 'node:crypto';
import {
  defineHandler,
  describeError,
  type HandlerContext,
  IhandlerError,
  type Incident,
  type ListeningHandler,
  temporary,
} from '@ihandler/core';
import type {} from '@ihandler/dionaea/origins';
import { type BrokerConnection, connectBroker } from './connection/broker-connection.ts';
import { type Broker, brokerOf } from './connection/broker-options.ts';
import { publishFrame, roomFor } from './connection/frame.ts';
import { CHANNELS, dionaeaMessage } from './dionaea-messages.ts';
import { encodeEnvelope } from './envelope.ts';
import { type HpfeedsOptions, readPublisherOptions } from './options.ts';
import { type ReadSample, readSample } from './read-sample.ts';

export type { HpfeedsOptions } from './options.ts';

interface StartedHandler {
  readonly broker: Broker;
  readonly context: HandlerContext;
}

/** An open connection and the state of its publications. */
interface Publication {
  readonly connection: BrokerConnection;
  /** The name of this publisher: a new one for each connection. */
  readonly publisher: string;
  /** How many whole incidents were sent. */
  sent: number;
  /** The channels on which the broker has accepted a message. */
  readonly acceptedChannels: Set<string>;
}

const sampleOrigins: ReadonlySet<string> = new Set([
  'dionaea.download.complete.unique',
  'dionaea.download.complete.again',
]);

/**
 * Publishes incidents to an hpfeeds broker: on dionaea's channels as dionaea does, and whole on a channel for ihandlers. The
 * protocol has no acknowledgement: an incident is delivered when the operating system has accepted its bytes, so incidents
 * on their way are lost when a connection breaks. Throws `OPTIONS_INVALID`.
 */
export default function hpfeeds(options: HpfeedsOptions): ListeningHandler {
  const settings = readPublisherOptions(options);
  const counts = { messages: 0, stripped: 0, oversize: 0, unread_samples: 0, connections: 0 };
  let started: StartedHandler | undefined;
  let current: Publication | undefined;

  /** The open connection, or a new one. */
  async function open(): Promise<Publication> {
    if (started === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'hpfeeds was used before start, or after close.');
    if (current?.connection.isOpen()) return current;
    const { broker, context } = started;
    const connection = await connectBroker(broker, () => undefined, context.signal);
    const publisher = randomBytes(6).toString('base64url');
    current = { connection, publisher, sent: 0, acceptedChannels: new Set() };
    counts.connections += 1;
    context.log.info('connected', { server: broker.server, port: broker.port });
    return current;
  }

  async function publish(on: Publication, channel: string, payload: Uint8Array): Promise<void> {
    try {
      await on.connection.send(publishFrame(settings.ident, channel, payload));
      // A broker does not answer when it accepts a message, and closes the connection when it does not.
      if (!on.acceptedChannels.has(channel)) await on.connection.waitForObjection();
    } catch (error) {
      if (on.acceptedChannels.has(channel) || !(error instanceof Error)) throw error;
      throw temporary(
        `${error.message} This was the first message on ${channel}: check that "ident" may publish there. With "channel: false" only dionaea's channels are used, with "dionaea: false" only the channel of whole incidents.`,
        { cause: error },
      );
    }
    on.acceptedChannels.add(channel);
    counts.messages += 1;
  }

  function fits(channel: string, payload: Uint8Array): boolean {
    if (payload.length <= roomFor(settings.ident, channel, settings.maxMessageSize)) return true;
    counts.oversize += 1;
    return false;
  }

  /** The sample of an incident; undefined if it may not be read, or cannot be. */
  async function sampleOf(incident: Incident, context: HandlerContext): Promise<ReadSample | undefined> {
    const { origin, local, misfit } = incident;
    if (settings.sampleFolders.length === 0 || local !== true || misfit !== undefined) return undefined;
    if (!sampleOrigins.has(origin)) return undefined;
    try {
      const maxContents = roomFor(settings.ident, CHANNELS.samples, settings.maxMessageSize);
      // Safe: it fits the schema of an origin with a stored sample.
      const stored = incident as Parameters<typeof readSample>[0];
      return await readSample(stored, settings.sampleFolders, maxContents);
    } catch (error) {
      counts.unread_samples += 1;
      context.log.warn('cannot read sample', { error: describeError(error) });
      return undefined;
    }
  }

  async function publishAsDionaea(
    on: Publication,
    incident: Incident,
    context: HandlerContext,
  ): Promise<void> {
    if (incident.misfit !== undefined) return;
    const sample = await sampleOf(incident, context);
    const message = dionaeaMessage(incident, sample?.sha512 ?? '');
    if (message !== undefined && fits(message.channel, message.payload))
      await publish(on, message.channel, message.payload);
    if (!settings.contents || incident.origin !== 'dionaea.download.complete.unique' || sample === undefined)
      return;
    if (sample.contents === undefined) counts.oversize += 1;
    else await publish(on, CHANNELS.samples, sample.contents);
  }

  async function publishWhole(on: Publication, channel: string, incident: Incident): Promise<void> {
    const room = roomFor(settings.ident, channel, settings.maxMessageSize);
    const message = encodeEnvelope({ publisher: on.publisher, number: on.sent, incident }, room);
    if (message === undefined) {
      counts.oversize += 1;
      return;
    }
    if (message.stripped) counts.stripped += 1;
    // Counted before it is sent, so that a message that fails on its way leaves a gap that subscribers notice.
    on.sent += 1;
    await publish(on, channel, message.payload);
  }

  return defineHandler({
    name: 'hpfeeds',
    on: {
      async '*'(incident, context) {
        const on = await open();
        if (settings.dionaea) await publishAsDionaea(on, incident, context);
        if (settings.channel !== false) await publishWhole(on, settings.channel, incident);
      },
    },
    start(context) {
      started = { broker: brokerOf(settings), context };
    },
    counters: () => ({ ...counts }),
    close() {
      current?.connection.close();
      started = current = undefined;
    },
  });
}
