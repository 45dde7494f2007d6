import { randomBytes } from 'node:crypto';
import { describeError, type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import type { StreamOwners } from '@ihandler/core/kit';
import { type PublishedMessage, readPublish } from '../connection/frame.ts';
import { CHANNELS } from '../dionaea-messages.ts';
import { decodeEnvelope } from '../envelope.ts';
import type { SubscriberSettings } from '../options.ts';
import { createDionaeaReader } from './dionaea-reader.ts';
import { createLossCounter } from './loss-counter.ts';

const dionaeaChannels: ReadonlySet<string> = new Set(Object.values(CHANNELS));
const MAX_REJECT_BYTES = 65_536;

/**
 * Turns messages of a broker into incidents. One reader is used for all connections of a source: it keeps the stream of
 * dionaea's messages, and the last number of each publisher, so that losses during an outage are noticed.
 */
export class MessageReader {
  readonly #settings: SubscriberSettings;
  readonly #dionaea = createDionaeaReader(`hpfeeds-${randomBytes(9).toString('base64url')}`);
  readonly #losses = createLossCounter();
  /** How many messages were read. */
  #count = 0;

  constructor(settings: SubscriberSettings) {
    this.#settings = settings;
  }

  /** Reads the payload of a publish frame. Rejects an invalid one, and then resolves with undefined. */
  async read(payload: Buffer, owners: StreamOwners, context: SourceContext): Promise<Incident | undefined> {
    this.#count += 1;
    let message = payload;
    let reason: string;
    try {
      const published = readPublish(payload);
      message = published.message;
      const incident = dionaeaChannels.has(published.channel)
        ? this.#dionaea.read(published, context.now())
        : this.#readWhole(published, owners, context);
      if (typeof incident !== 'string') return incident;
      reason = incident;
    } catch (error) {
      reason = describeError(error);
    }
    const text = message.length > MAX_REJECT_BYTES ? {} : { text: new Uint8Array(message) };
    const place = { file: context.instance, offset: this.#count, length: message.length };
    await context.reject({ ...place, reason, ...text });
    return undefined;
  }

  #readWhole({ ident, message }: PublishedMessage, owners: StreamOwners, { log }: SourceContext): Incident {
    const { sensor, streams } = this.#settings;
    const envelope = decodeEnvelope(message, sensor === 'ident' ? ident : undefined);
    const { publisher, number, incident } = envelope;
    const missing = this.#losses.count(`${ident}/${publisher}`, number);
    if (missing > 0) log.warn('messages lost', { publisher, count: missing, total: this.#losses.total() });
    const { stream } = parseIncidentId(incident.id);
    if (streams === 'first' && !owners.claim(stream, ident))
      throw new Error(
        `Expected ${incident.id} from the publisher of the first incident of the stream ${stream}, found ${ident} ("streams: anyone" accepts every publisher).`,
      );
    return incident;
  }
}
