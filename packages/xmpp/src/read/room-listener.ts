import type { SourceContext } from '@ihandler/core';
import { assertInRoom, createRooms, occupantOf, type Rooms } from '../connection/muc.ts';
import { featuresOf } from '../connection/room-features.ts';
import { type Element, openSession, type Session } from '../connection/session.ts';
import type { LegacyConnections } from '../legacy/legacy-connections.ts';
import type { Account, SubscriberSettings } from '../options.ts';
import { type ArchiveReader, createArchiveReader, liveMessage, MAM, type RoomMessage } from './archive.ts';
import { mergeRooms } from './merge-rooms.ts';
import type { Publishers } from './publishers.ts';
import type { Reception } from './reception.ts';

/** How many live messages may wait for the journal. Beyond that the session ends, and the archives keep them. */
const MAX_WAITING = 5000;
const BATCH = 500;
/** How often the source checks that it is still in its rooms, in milliseconds. */
const CHECK_ROOMS_EVERY = 60_000;

/** What a {@link RoomListener} works with. */
export interface RoomListenerOptions {
  readonly account: Account;
  readonly settings: SubscriberSettings;
  readonly context: SourceContext;
  readonly connections: LegacyConnections;
  readonly reception: Reception;
  readonly publishers: Publishers;
}

/** Reads rooms over one session: first the archives, then live messages. */
export class RoomListener {
  readonly #options: RoomListenerOptions;
  readonly #addresses: ReadonlySet<string>;
  readonly #rooms: Rooms;
  readonly #archives: ArchiveReader;
  #live: RoomMessage[] = [];
  #session: Session | undefined;
  #wake: () => void = () => {};
  /** The error of a report by a timer, which ends the session. */
  #reportError: unknown;

  constructor(options: RoomListenerOptions) {
    const { settings, context } = options;
    this.#options = options;
    this.#addresses = new Set(settings.rooms);
    const session = () => this.#openSession;
    this.#rooms = createRooms(session, { onOut: (reason) => void this.#session?.close(reason) });
    this.#archives = createArchiveReader(session, {
      onLost: (room) =>
        context.log.error(
          'the archive of a room has deleted the position of this hub: messages may be lost; reading all that is left. Let the server keep a longer archive',
          { room },
        ),
      onMissing: (room, reason) => this.#logMissingArchive(room, reason),
    });
  }

  /** Listens until the session ends. Rejects with the reason, a temporary error. */
  async run(): Promise<never> {
    const { account, settings, context, reception } = this.#options;
    const session = await openSession(account, (stanza) => this.#receive(stanza), context.signal);
    this.#session = session;
    const expiring = setInterval(() => {
      reception.expire().catch((error: unknown) => {
        this.#reportError ??= error;
        void session.close();
      });
    }, 1000);
    const stopChecking = checkRooms(session, this.#rooms, settings.rooms, CHECK_ROOMS_EVERY);
    try {
      await this.#join(session);
      context.log.info('joined rooms', { rooms: settings.rooms });
      await this.#catchUp();
      context.log.info('caught up with the archives', {});
      return await this.#deliver(session);
    } catch (error) {
      throw this.#reportError ?? error;
    } finally {
      clearInterval(expiring);
      stopChecking();
      await session.close();
    }
  }

  get #openSession(): Session {
    if (this.#session === undefined) throw new Error('a stanza arrived before the session was open');
    return this.#session;
  }

  #logMissingArchive(room: string, reason: string): void {
    this.#options.context.log.error(
      'room has no readable archive: messages are lost while this hub is disconnected. Enable an archive on the server (Prosody: muc_mam)',
      { room, reason },
    );
  }

  async #join(session: Session): Promise<void> {
    const { settings, context, publishers } = this.#options;
    for (const room of settings.rooms) {
      await this.#rooms.join(room);
      const features = await featuresOf(session, room);
      publishers.learn(room, features, context.log);
      if (!features.has(MAM)) this.#logMissingArchive(room, 'it offers none');
    }
  }

  #receive(stanza: Element): void {
    const from = String(stanza.attrs['from']);
    const { room, nick } = occupantOf(from);
    // Any client that knows this address can send a stanza that looks like a message of a room.
    if (!this.#addresses.has(room)) return;
    if (this.#rooms.accept(stanza)) return;
    if (stanza.name === 'presence') {
      if (stanza.attrs['type'] === 'unavailable') this.#options.connections.forget(from);
      return;
    }
    if (stanza.name !== 'message' || this.#archives.accept(stanza, from)) return;
    if (stanza.attrs['type'] !== 'groupchat' || nick === '') return;
    const message = liveMessage(room, stanza);
    if (message === undefined) return;
    this.#live.push(message);
    if (this.#live.length > MAX_WAITING)
      void this.#session?.close(new Error('more messages arrived than the journal could accept'));
    this.#wake();
  }

  /** Reports live messages until the session ends. */
  async #deliver(session: Session): Promise<never> {
    void session.ended.then(() => this.#wake());
    for (;;) {
      const batch = this.#live.splice(0, BATCH);
      if (batch.length > 0) await this.#options.reception.accept(batch);
      else if (!session.isOpen()) throw await session.ended;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  /** Reads the messages that the archives received while this source was disconnected. */
  async #catchUp(): Promise<void> {
    const { settings, reception } = this.#options;
    const { positions } = reception;
    const isKnown = (room: string) => Object.hasOwn(positions, room);
    for (const room of settings.rooms)
      if (!isKnown(room) && settings.from === 'now') await this.#beginAtEnd(room);
    const missed = settings.rooms
      .filter((room) => isKnown(room) || settings.from === 'beginning')
      .map((room) => this.#archives.after(room, positions[room]));
    const seen = new Set<string>();
    let batch: RoomMessage[] = [];
    for await (const message of mergeRooms(missed)) {
      if (message.archiveId !== undefined) seen.add(`${message.room} ${message.archiveId}`);
      batch.push(message);
      if (batch.length < BATCH) continue;
      await reception.accept(batch);
      batch = [];
    }
    if (batch.length > 0) await reception.accept(batch);
    // Messages that arrived meanwhile may be in the archive, too.
    this.#live = this.#live.filter(
      ({ room, archiveId }) => archiveId === undefined || !seen.has(`${room} ${archiveId}`),
    );
  }

  /** Stores the end of the archive as the position, so that a restart resumes here even if no message arrives until then. */
  async #beginAtEnd(room: string): Promise<void> {
    const firstLive = () => this.#live.find((message) => message.room === room)?.archiveId;
    for (;;) {
      const before = firstLive();
      const position = await this.#archives.end(room, before);
      // If a message arrived during the request, the position must be before it.
      if (position !== undefined && before === undefined && firstLive() !== undefined) continue;
      if (position !== undefined) await this.#options.reception.begin(room, position);
      return;
    }
  }
}

/**
 * Checks every `interval` milliseconds that a session is still in its rooms, and closes it when it is not. Returns a function
 * that stops the checks.
 */
export function checkRooms(
  session: Session,
  { nickIn }: Pick<Rooms, 'nickIn'>,
  rooms: readonly string[],
  interval: number,
): () => void {
  let isChecking = false;
  const check = async () => {
    if (isChecking) return;
    isChecking = true;
    try {
      for (const room of rooms) {
        const nick = nickIn(room);
        if (nick !== undefined) await assertInRoom(session, room, nick);
      }
    } catch (error) {
      await session.close(error instanceof Error ? error : undefined);
    } finally {
      isChecking = false;
    }
  };
  const timer = setInterval(() => void check(), interval);
  return () => clearInterval(timer);
}
