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
import { maskSensor } from '@ihandler/core/kit';
import { type Broker, brokerOf } from './broker-options.ts';
import { type BrokerConnection, connectBroker } from './connect.ts';
import { CHANNELS, dionaeaMessage } from './dionaea-messages.ts';
import { sealed } from './envelope.ts';
import { publishFrame, roomFor } from './frame.ts';
import { type HpfeedsOptions, readPublisherOptions } from './options.ts';
import { type ReadSample, readSample } from './read-sample.ts';

export type { HpfeedsOptions } from './options.ts';

interface Running {
  readonly broker: Broker;
  readonly context: HandlerContext;
}

/** A connection and what was said on it. */
interface Line {
  readonly connection: BrokerConnection;
  readonly publisher: string;
  sent: number;
  /** The channels on which the broker has let us speak. */
  readonly heard: Set<string>;
}

const samples = new Set(['dionaea.download.complete.unique', 'dionaea.download.complete.again']);

/**
 * Publishes incidents to an hpfeeds broker: on dionaea's channels as dionaea does, and whole ones on a channel of our own.
 * The protocol acknowledges nothing: an incident is handled when the operating system has taken its bytes, so what was
 * under way when a connection breaks is lost. Throws `OPTIONS_INVALID`.
 */
export default function hpfeeds(options: HpfeedsOptions): ListeningHandler {
  const settings = readPublisherOptions(options);
  const counts = { messages: 0, stripped: 0, oversize: 0, unread_samples: 0, connections: 0 };
  let running: Running | undefined;
  let line: Line | undefined;

  /** The open connection, or a new one. */
  async function ready(): Promise<Line> {
    if (running === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'hpfeeds was used before start, or after close.');
    if (line?.connection.isOpen()) return line;
    const { broker, context } = running;
    try {
      const connection = await connectBroker(broker, () => undefined, context.signal);
      line = { connection, publisher: randomBytes(6).toString('base64url'), sent: 0, heard: new Set() };
      counts.connections += 1;
      context.log.info('connected', { server: broker.server, port: broker.port });
      return line;
    } catch (error) {
      throw error instanceof Error ? Object.assign(error, { retryAfter: broker.reconnect }) : error;
    }
  }

  async function publish(on: Line, channel: string, payload: Uint8Array): Promise<void> {
    try {
      await on.connection.send(publishFrame(settings.ident, channel, payload));
      // A broker says nothing when it takes a message, and ends the connection when it does not.
      if (!on.heard.has(channel)) await on.connection.unopposed();
    } catch (error) {
      if (on.heard.has(channel) || !(error instanceof Error)) throw error;
      throw temporary(
        `${error.message} It was the first message on ${channel}: may "ident" publish there? "channel: false" publishes on dionaea's channels only, "dionaea: false" whole incidents only.`,
        { cause: error, retryAfter: running?.broker.reconnect ?? 0 },
      );
    }
    on.heard.add(channel);
    counts.messages += 1;
  }

  function fits(channel: string, payload: Uint8Array): boolean {
    if (payload.length <= roomFor(settings.ident, channel, settings.maxMessage)) return true;
    counts.oversize += 1;
    return false;
  }

  /** The sample of an incident, where the operator lets us read it. What cannot be read is published without. */
  async function sampleOf(incident: Incident, context: HandlerContext): Promise<ReadSample | undefined> {
    const { origin, local, misfit } = incident;
    if (settings.samples.length === 0 || local !== true || misfit !== undefined || !samples.has(origin))
      return undefined;
    try {
      const longest = roomFor(settings.ident, CHANNELS.samples, settings.maxMessage);
      // Safe: it is no misfit of an origin that names a stored sample.
      return await readSample(incident as Parameters<typeof readSample>[0], settings.samples, longest);
    } catch (error) {
      counts.unread_samples += 1;
      context.log.warn('a sample cannot be read', { error: describeError(error) });
      return undefined;
    }
  }

  async function publishAsDionaea(on: Line, incident: Incident, context: HandlerContext): Promise<void> {
    if (incident.misfit !== undefined) return;
    const sample = await sampleOf(incident, context);
    const told = settings.localAddress === 'mask' ? maskSensor(incident) : incident;
    const message = dionaeaMessage(told, sample?.sha512 ?? '');
    if (message !== undefined && fits(message.channel, message.payload))
      await publish(on, message.channel, message.payload);
    if (!settings.contents || incident.origin !== 'dionaea.download.complete.unique' || sample === undefined)
      return;
    if (sample.contents === undefined) counts.oversize += 1;
    else await publish(on, CHANNELS.samples, sample.contents);
  }

  async function publishWhole(on: Line, channel: string, incident: Incident): Promise<void> {
    const told = settings.localAddress === 'mask' ? maskSensor(incident) : incident;
    const room = roomFor(settings.ident, channel, settings.maxMessage);
    const message = sealed({ publisher: on.publisher, number: on.sent, incident: told }, room);
    if (message === undefined) {
      counts.oversize += 1;
      return;
    }
    if (message.stripped) counts.stripped += 1;
    // Counted before it is sent: what fails under way is a gap that the other side sees.
    on.sent += 1;
    await publish(on, channel, message.payload);
  }

  return defineHandler({
    name: 'hpfeeds',
    on: {
      async '*'(incident, context) {
        const on = await ready();
        if (settings.dionaea) await publishAsDionaea(on, incident, context);
        if (settings.channel !== false) await publishWhole(on, settings.channel, incident);
      },
    },
    start(context) {
      running = { broker: brokerOf(settings), context };
    },
    counters: () => ({ ...counts }),
    close() {
      line?.connection.close();
      running = line = undefined;
    },
  });
}
