import { defineSource, failureKind, type Source } from '@ihandler/core';
import type { BrokerConnection } from './connection/broker-connection.ts';
import { brokerOf } from './connection/broker-options.ts';
import { subscribeTo } from './connection/subscribe-to.ts';
import { type HpfeedsSourceOptions, readSubscriberOptions } from './options.ts';
import { MessageReader } from './read/message-reader.ts';
import { Subscriber } from './read/subscriber.ts';

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
        connection = await subscribeTo(
          broker,
          settings.channels,
          (payload) => subscriber.push(payload),
          context,
        );
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
