import { defineSource, failureKind, type Source, type SourceContext } from '@ihandler/core';
import { type BrokerConnection, connectBroker } from './broker-connection.ts';
import { type Broker, brokerOf } from './broker-options.ts';
import { subscribeFrame } from './frame.ts';
import { MessageReader } from './message-reader.ts';
import { type HpfeedsSourceOptions, readSubscriberOptions } from './options.ts';
import { Subscriber } from './subscriber.ts';

export type { HpfeedsSourceOptions } from './options.ts';

/**
 * Subscribes to channels of an hpfeeds broker: whole incidents of other ihandlers, whose ids are kept, and dionaea's own
 * messages. Messages that are published while the source is disconnected are lost; gaps in the numbers of a publisher are
 * logged. Its run rejects with a temporary error when the connection fails or ends. Throws `OPTIONS_INVALID`.
 */
export default function hpfeedsSource(options: HpfeedsSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  const reader = new MessageReader(settings);
  return defineSource({
    name: 'hpfeeds',
    async run(context) {
      const broker = brokerOf(settings);
      const subscriber = await Subscriber.create(reader, context);
      let connection: BrokerConnection | undefined;
      try {
        connection = await connectBroker(broker, (payload) => subscriber.push(payload), context.signal);
        await subscribe(connection, broker, settings.channels, context);
        await subscriber.deliver(connection);
      } catch (error) {
        connection?.close();
        // What the broker sent before the connection failed.
        if (failureKind(error) === 'temporary') await subscriber.flush();
        if (!context.signal.aborted) throw error;
      }
    },
  });
}

/** Subscribes to the channels; rejects when the broker refuses one. */
async function subscribe(
  connection: BrokerConnection,
  { server, port, ident }: Broker,
  channels: readonly string[],
  { log }: SourceContext,
): Promise<void> {
  log.info('connected', { server, port });
  for (const channel of channels) await connection.send(subscribeFrame(ident, channel));
  await connection.waitForObjection();
}
