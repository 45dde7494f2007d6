import { randomBytes } from 'node:crypto';
import {
  compileGlob,
  defineHandler,
  describeError,
  type HandlerContext,
  IhandlerError,
  type Incident,
  parseIncidentId,
  permanent,
  type WritingHandler,
} from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import { xml } from '@xmpp/client';
import type { Element } from './connection/session.ts';
import { DIONAEA, dionaeaElement, fileElement } from './legacy/dionaea-element.ts';
import { accountOf, readPublisherOptions, type XmppOptions } from './options.ts';
import { readWhole } from './read/read-whole.ts';
import { incidentElement } from './write/incident-element.ts';
import { createPublisher, type Publisher } from './write/publisher.ts';

export type { XmppOptions } from './options.ts';

/** A room and what goes there. */
interface Destination {
  readonly room: string;
  readonly takes: (origin: string) => boolean;
  readonly masks: boolean;
  readonly contents: boolean;
  /** The highest ordinal of each stream that the room has. */
  readonly confirmed: Map<string, number>;
  /** What the room has of a batch that failed half way: the ids of incidents. It is not said again. */
  readonly echoed: Set<string>;
}

interface Outgoing {
  readonly to: Destination;
  readonly id: string;
  readonly message: Element;
}

/** Streams whose last ordinal is remembered, for each room. */
const REMEMBERED = 10_000;

/**
 * Publishes incidents to rooms of an XMPP service, in the stanzas of dionaea's own handler, with the whole incident beside
 * for other ihandlers. A batch is handled when the rooms have echoed all of it. Throws `OPTIONS_INVALID`.
 */
export default function xmpp(options: XmppOptions): WritingHandler {
  const settings = readPublisherOptions(options);
  const counts = { messages: 0, connections: 0, unread_samples: 0 };
  const destinations = settings.rooms.map(destinationOf);
  let context: HandlerContext | undefined;
  let publisher: Publisher | undefined;

  async function ready(): Promise<Publisher> {
    if (context === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'xmpp was used before start, or after close.');
    if (publisher?.isOpen()) return publisher;
    publisher = await createPublisher(
      accountOf(settings),
      destinations.map(({ room }) => room),
      context,
    );
    counts.connections += 1;
    return publisher;
  }

  /** What is said of an incident in a room. */
  async function messageFor(
    to: Destination,
    incident: Incident,
    after: number | undefined,
    nick: string,
  ): Promise<Element> {
    const told = to.masks ? maskSensor(incident) : incident;
    const element = (await fileOf(to, incident)) ?? dionaeaElement(told);
    const message = xml(
      'message',
      { type: 'groupchat', to: to.room, id: randomBytes(9).toString('base64url'), 'xml:lang': 'en' },
      ...(element === undefined
        ? []
        : [xml('body', {}, xml('dionaea', { xmlns: DIONAEA, incident: incident.origin }, element))]),
      incidentElement({ incident: told, after }),
      // An archive keeps a message without text only when it is asked to.
      xml('store', { xmlns: 'urn:xmpp:hints' }),
      xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, nick),
    );
    const size = Buffer.byteLength(message.toString());
    if (size <= settings.maxStanza) return message;
    throw permanent(
      `The incident makes a stanza of ${size} bytes, and the server takes ${settings.maxStanza} ("maxStanza"; Prosody: c2s_stanza_size_limit).`,
    );
  }

  async function fileOf({ contents }: Destination, incident: Incident): Promise<Element | undefined> {
    if (!contents || incident.local !== true || incident.misfit !== undefined) return undefined;
    if (incident.origin !== 'dionaea.download.complete.unique') return undefined;
    // Safe: an incident that is no misfit has the data of its origin.
    const { file, md5hash } = (incident as Incident<'dionaea.download.complete.unique'>).data;
    try {
      const whole = await readWhole(file, settings.samples, (settings.maxStanza - 4000) * 0.7);
      return fileElement(md5hash, whole);
    } catch (error) {
      counts.unread_samples += 1;
      context?.log.warn('a sample is not sent', { error: describeError(error) });
      return undefined;
    }
  }

  async function outgoingOf(batch: readonly Incident[], nick: string): Promise<readonly Outgoing[]> {
    const outgoing: Outgoing[] = [];
    for (const to of destinations) {
      const last = new Map<string, number>();
      for (const incident of batch) {
        if (!to.takes(incident.origin)) continue;
        const { stream, ordinal } = parseIncidentId(incident.id);
        const before = last.get(stream) ?? to.confirmed.get(stream);
        last.set(stream, ordinal);
        if (to.echoed.has(incident.id)) continue;
        const after = before !== undefined && before < ordinal ? before : undefined;
        outgoing.push({ to, id: incident.id, message: await messageFor(to, incident, after, nick) });
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
    async write(batch) {
      const on = await ready();
      const outgoing = await outgoingOf(batch, on.nick);
      await on.publish(
        outgoing.map(({ message }) => message),
        (at) => {
          counts.messages += 1;
          const { to, id } = outgoing[at] ?? {};
          if (to === undefined || id === undefined) return;
          if (to.echoed.size >= REMEMBERED) to.echoed.clear();
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
  const { room, only = ['*'], except = [], localAddress, contents } = entry;
  const wanted = only.map(compileGlob);
  const unwanted = except.map(compileGlob);
  return {
    room,
    takes: (origin) =>
      wanted.some((matches) => matches(origin)) && !unwanted.some((matches) => matches(origin)),
    masks: localAddress === 'mask',
    contents,
    confirmed: new Map(),
    echoed: new Set(),
  };
}

function remember({ takes, confirmed }: Destination, batch: readonly Incident[]): void {
  for (const { id, origin } of batch) {
    if (!takes(origin)) continue;
    const { stream, ordinal } = parseIncidentId(id);
    if (confirmed.size >= REMEMBERED && !confirmed.has(stream)) confirmed.clear();
    confirmed.set(stream, ordinal);
  }
}
