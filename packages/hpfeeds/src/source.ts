import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { defineSource, describeError, type Incident, type Source, type SourceContext } from '@ihandler/core';
import { brokerOf } from './broker-options.ts';
import { type BrokerConnection, connectBroker } from './connect.ts';
import { CHANNELS } from './dionaea-messages.ts';
import { opened } from './envelope.ts';
import { readPublish, subscribeFrame } from './frame.ts';
import { createLossCounter } from './loss-counter.ts';
import { type HpfeedsSourceOptions, readSubscriberOptions } from './options.ts';
import { createDionaeaReader } from './received.ts';

export type { HpfeedsSourceOptions } from './options.ts';

const ofDionaea: ReadonlySet<string> = new Set(Object.values(CHANNELS));
/** How much may wait for the journal before the broker is held up. */
const MOST_WAITING = 16 * 1024 * 1024;

/**
 * Subscribes to channels of an hpfeeds broker: whole incidents of other ihandlers, whose ids stay, and dionaea's own
 * messages. It connects and subscribes again for as long as it runs. What was published while it was away is gone: gaps in
 * what a publisher counts are logged. Throws `OPTIONS_INVALID`.
 */
export default function hpfeedsSource(options: HpfeedsSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  return defineSource({
    name: 'hpfeeds',
    async run(context) {
      const broker = brokerOf(settings);
      const { signal, log } = context;
      const taker = createTaker(settings, context);
      let wasTold = false;
      while (!signal.aborted) {
        try {
          const connection = await connectBroker(broker, taker.push, signal);
          log.message('connected', { server: broker.server, port: broker.port });
          wasTold = false;
          for (const channel of settings.channels)
            await connection.send(subscribeFrame(broker.ident, channel));
          await taker.takeFrom(connection);
        } catch (error) {
          if (signal.aborted) break;
          // A journal that is broken is not ours to wait for.
          if (taker.hasFailed()) throw error;
          if (!wasTold) log.warning('is away, and comes back', { error: describeError(error) });
          wasTold = true;
        }
        await wait(broker.reconnect * (0.5 + Math.random() / 2), undefined, { signal }).catch(
          () => undefined,
        );
      }
    },
  });
}

interface Taker {
  push(payload: Buffer): void;
  /** Reports what comes until the connection ends; rejects with why. */
  takeFrom(connection: BrokerConnection): Promise<never>;
  /** Whether it was the journal that failed, not the broker. */
  hasFailed(): boolean;
}

function createTaker({ sensor }: { readonly sensor: 'incident' | 'ident' }, context: SourceContext): Taker {
  const { instance, log } = context;
  const reader = createDionaeaReader(`hpfeeds-${randomBytes(9).toString('base64url')}`, context.now);
  const losses = createLossCounter((publisher, count, total) =>
    log.warning('messages were lost on the way', { publisher, count, total }),
  );
  let waiting: Buffer[] = [];
  let size = 0;
  let offset = 0;
  let failed = false;
  let wake: () => void = () => {};
  let hold: () => void = () => {};

  async function incidentOf(payload: Buffer): Promise<Incident | undefined> {
    offset += 1;
    let found: Incident | string;
    let message = payload;
    try {
      const read = readPublish(payload);
      message = read.message;
      if (ofDionaea.has(read.channel)) found = reader.read(read.ident, read.channel, message);
      else {
        const { publisher, number, incident } = opened(message, sensor === 'ident' ? read.ident : undefined);
        losses.count(publisher, number);
        found = incident;
      }
    } catch (error) {
      found = describeError(error);
    }
    if (typeof found !== 'string') return found;
    const text = message.length > 65_536 ? {} : { text: new Uint8Array(message) };
    await context.reject({ file: instance, offset, length: message.length, reason: found, ...text });
    return undefined;
  }

  async function reportWaiting(): Promise<void> {
    const payloads = waiting;
    waiting = [];
    size = 0;
    const batch: Incident[] = [];
    try {
      for (const payload of payloads) {
        const incident = await incidentOf(payload);
        if (incident !== undefined) batch.push(incident);
      }
      if (batch.length > 0) await context.report(batch);
    } catch (error) {
      failed = true;
      throw error;
    }
  }

  return {
    push(payload) {
      waiting.push(payload);
      size += payload.length;
      if (size > MOST_WAITING) hold();
      wake();
    },
    async takeFrom(connection) {
      hold = connection.pause;
      const over = connection.ended.then((reason) => {
        wake();
        return reason;
      });
      for (;;) {
        if (waiting.length > 0) {
          await reportWaiting();
          connection.resume();
        } else if (!connection.isOpen()) throw await over;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
    hasFailed: () => failed,
  };
}
