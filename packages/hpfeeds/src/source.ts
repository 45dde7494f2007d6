import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  defineSource,
  describeError,
  type Incident,
  parseIncidentId,
  type Source,
  type SourceContext,
} from '@ihandler/core';
import { createStreamOwners } from '@ihandler/core/kit';
import { brokerOf } from './broker-options.ts';
import { type BrokerConnection, connectBroker } from './connect.ts';
import { CHANNELS } from './dionaea-messages.ts';
import { opened } from './envelope.ts';
import { readPublish, subscribeFrame } from './frame.ts';
import { createLossCounter } from './loss-counter.ts';
import { type HpfeedsSourceOptions, readSubscriberOptions, type SubscriberSettings } from './options.ts';
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
      const taker = await createTaker(settings, context);
      let told = '';
      while (!signal.aborted) {
        try {
          const connection = await connectBroker(broker, taker.push, signal);
          log.info('connected', { server: broker.server, port: broker.port });
          for (const channel of settings.channels)
            await connection.send(subscribeFrame(broker.ident, channel));
          await connection.unopposed();
          told = '';
          context.disconnected?.(undefined);
          await taker.takeFrom(connection);
        } catch (error) {
          if (signal.aborted) break;
          // A journal that is broken is not ours to wait for.
          if (taker.hasFailed()) throw error;
          const reason = describeError(error);
          if (reason !== told) log.warn('is away, and comes back', { error: reason });
          told = reason;
          context.disconnected?.(reason);
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

async function createTaker({ sensor, streams }: SubscriberSettings, context: SourceContext): Promise<Taker> {
  const { instance, log } = context;
  const reader = createDionaeaReader(`hpfeeds-${randomBytes(9).toString('base64url')}`, context.now);
  const losses = createLossCounter((publisher, count, total) =>
    log.warn('messages were lost on the way', { publisher, count, total }),
  );
  const owners = createStreamOwners(await context.state());
  let waiting: Buffer[] = [];
  let size = 0;
  let offset = 0;
  let failed = false;
  let wake: () => void = () => {};
  let hold: () => void = () => {};

  function assertOwned({ id }: Incident, ident: string): void {
    const { stream } = parseIncidentId(id);
    if (streams === 'anyone' || owners.claim(stream, ident)) return;
    throw new Error(
      `Expected that whoever began the stream ${stream} goes on with it; ${id} is published by ${ident} ("streams: anyone" lets everybody do that).`,
    );
  }

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
        losses.count(`${read.ident}/${publisher}`, number);
        assertOwned(incident, read.ident);
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
      if (batch.length > 0) await context.report(batch, { state: owners.snapshot() });
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
