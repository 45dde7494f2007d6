// The types of dionaea's incidents.

import { randomBytes } from 'node:crypto';
import {
  compileGlob,
  defineHandler,
  describeError,
  type HandlerContext,
  IhandlerError,
  type Incident,
  type Origins,
  parseIncidentId,
  permanent,
  type WritingHandler,
} from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import type {} from '@ihandler/dionaea/origins';
import { xml } from '@xmpp/client';
import type { Element } from './connection/session.ts';
import { DIONAEA, dionaeaElement, fileElement } from './legacy/dionaea-element.ts';
import { accountOf, readPublisherOptions, type XmppOptions } from './options.ts';
import { incidentElement } from './write/incident-element.ts';
import { readSample } from './write/read-sample.ts';
import { RoomPublisher } from './write/room-publisher.ts';

export type { XmppOptions } from './options.ts';

/** A room, with its filter and settings. */
interface Destination {
  readonly room: string;
  readonly accepts: (origin: string) => boolean;
  readonly mask: boolean;
  readonly contents: boolean;
  /** The highest echoed ordinal of each stream. */
  readonly confirmed: Map<string, number>;
  /** The ids of echoed incidents of a batch that failed: a retry does not send them again. */
  readonly echoed: Set<string>;
}

interface Outgoing {
  readonly to: Destination;
  readonly id: string;
  readonly message: Element;
}

/** How many streams have their last ordinal in memory, for each room. */
const MAX_STREAMS = 10_000;

/**
 * Publishes incidents in rooms of an XMPP service, as the stanzas of dionaea's own handler together with whole incidents for
 * other ihandlers. A batch is delivered when the rooms have echoed all of it. Throws `OPTIONS_INVALID`.
 */
export default function xmpp(options: XmppOptions): WritingHandler {
  const settings = readPublisherOptions(options);
  const counts = { messages: 0, connections: 0, unread_samples: 0 };
  const destinations = settings.rooms.map(destinationOf);
  let context: HandlerContext | undefined;
  let publisher: RoomPublisher | undefined;

  async function open(): Promise<RoomPublisher> {
    if (context === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'xmpp was used before start, or after close.');
    if (publisher?.isOpen()) return publisher;
    publisher = await RoomPublisher.open(
      accountOf(settings),
      destinations.map(({ room }) => room),
      context,
    );
    counts.connections += 1;
    return publisher;
  }

  /** The message of an incident for a room. */
  async function messageFor(
    to: Destination,
    incident: Incident,
    after: number | undefined,
    nick: string,
    origins: Origins,
  ): Promise<Element> {
    const published = to.mask ? maskSensor(incident, origins) : incident;
    const element = (await fileOf(to, incident)) ?? dionaeaElement(published);
    const message = xml(
      'message',
      { type: 'groupchat', to: to.room, id: randomBytes(9).toString('base64url'), 'xml:lang': 'en' },
      ...(element === undefined
        ? []
        : [xml('body', {}, xml('dionaea', { xmlns: DIONAEA, incident: incident.origin }, element))]),
      incidentElement({ incident: published, after }),
      // An archive stores a message without text only with this hint.
      xml('store', { xmlns: 'urn:xmpp:hints' }),
      xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, nick),
    );
    const size = Buffer.byteLength(message.toString());
    if (size <= settings.maxStanzaSize) return message;
    throw permanent(
      `The stanza of the incident has ${size} bytes and the limit is ${settings.maxStanzaSize}: raise "maxStanzaSize" and the limit of the server (Prosody: c2s_stanza_size_limit).`,
    );
  }

  async function fileOf({ contents }: Destination, incident: Incident): Promise<Element | undefined> {
    if (!contents || incident.local !== true || incident.misfit !== undefined) return undefined;
    if (incident.origin !== 'dionaea.download.complete.unique') return undefined;
    // Safe: an incident that fits its schema has the data of its origin.
    const { file, md5hash } = (incident as Incident<'dionaea.download.complete.unique'>).data;
    try {
      // Base64 needs a third more.
      const maxSize = (settings.maxStanzaSize - 4000) * 0.7;
      return fileElement(md5hash, await readSample(file, settings.sampleFolders, maxSize));
    } catch (error) {
      counts.unread_samples += 1;
      context?.log.warn('sample not sent', { error: describeError(error) });
      return undefined;
    }
  }

  async function outgoingOf(
    batch: readonly Incident[],
    nick: string,
    origins: Origins,
  ): Promise<readonly Outgoing[]> {
    const outgoing: Outgoing[] = [];
    for (const to of destinations) {
      const last = new Map<string, number>();
      for (const incident of batch) {
        if (!to.accepts(incident.origin)) continue;
        const { stream, ordinal } = parseIncidentId(incident.id);
        const before = last.get(stream) ?? to.confirmed.get(stream);
        last.set(stream, ordinal);
        if (to.echoed.has(incident.id)) continue;
        const after = before !== undefined && before < ordinal ? before : undefined;
        outgoing.push({ to, id: incident.id, message: await messageFor(to, incident, after, nick, origins) });
      }
    }
    return outgoing;
  }

  return defineHandler({
    name: 'xmpp',
    accepts: ['*'],
    start(given) {
      accountOf(settings);
      context = given;
    },
    async write(batch, _checkpoint, { origins }) {
      const on = await open();
      const outgoing = await outgoingOf(batch, on.nick, origins);
      await on.publish(
        outgoing.map(({ message }) => message),
        (index) => {
          counts.messages += 1;
          const { to, id } = outgoing[index] ?? {};
          if (to === undefined || id === undefined) return;
          if (to.echoed.size >= MAX_STREAMS) to.echoed.clear();
          to.echoed.add(id);
        },
      );
      for (const to of destinations) {
        for (const { id } of batch) to.echoed.delete(id);
        remember(to, batch);
      }
    },
    counters: () => ({ ...counts }),
    async close() {
      const closing = publisher;
      publisher = undefined;
      context = undefined;
      for (const { confirmed, echoed } of destinations) {
        confirmed.clear();
        echoed.clear();
      }
      await closing?.close();
    },
  });
}

function destinationOf(entry: ReturnType<typeof readPublisherOptions>['rooms'][number]): Destination {
  const { room, only = ['*'], except = [], mask, contents } = entry;
  const wanted = only.map(compileGlob);
  const unwanted = except.map(compileGlob);
  return {
    room,
    accepts: (origin) =>
      wanted.some((matches) => matches(origin)) && !unwanted.some((matches) => matches(origin)),
    mask,
    contents,
    confirmed: new Map(),
    echoed: new Set(),
  };
}

function remember({ accepts, confirmed }: Destination, batch: readonly Incident[]): void {
  for (const { id, origin } of batch) {
    if (!accepts(origin)) continue;
    const { stream, ordinal } = parseIncidentId(id);
    if (confirmed.size >= MAX_STREAMS && !confirmed.has(stream)) confirmed.clear();
    confirmed.set(stream, ordinal);
  }
}
