import { type Log, temporary } from '@ihandler/core';
import { createRooms, errorIn, occupantOf, type Rooms } from '../connection/muc.ts';
import { type Element, openSession, type Session } from '../connection/session.ts';
import type { Account } from '../options.ts';

interface PendingEcho {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How many messages may wait for their echo. */
const WINDOW = 200;
/** How long a room may take to echo a message, in milliseconds. */
const ECHO_TIMEOUT = 60_000;

const advice: Readonly<Record<string, string>> = {
  forbidden: 'The room is moderated: a moderator must give this account a voice.',
  'not-acceptable': 'This account has left the room, or the room does not accept such messages.',
  'policy-violation': 'The server limits the size and the number of messages.',
  'resource-constraint': 'The server limits the number of messages.',
};

/** Publishes messages in rooms over one session. */
export class RoomPublisher {
  readonly #rooms: Rooms;
  /** The messages without an echo, by their ids. */
  readonly #pending = new Map<string, PendingEcho>();
  #session: Session | undefined;

  private constructor(log: Log) {
    this.#rooms = createRooms(() => this.#openSession, {
      onOut: (reason) => void this.#session?.close(reason),
      onOtherName: (room, wanted, name) =>
        log.warn('nick is taken in the room: joined under another one', { room, wanted, name }),
    });
  }

  /** Connects and joins the rooms. Rejects with a temporary error. */
  static async open(
    account: Account,
    rooms: readonly string[],
    { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
  ): Promise<RoomPublisher> {
    const publisher = new RoomPublisher(log);
    const session = await openSession(account, (stanza) => publisher.#receive(stanza), signal);
    publisher.#session = session;
    void session.ended.then((error) => publisher.#rejectPending(error));
    try {
      for (const room of rooms) await publisher.#rooms.join(room);
    } catch (error) {
      await session.close();
      throw error;
    }
    return publisher;
  }

  get nick(): string {
    return this.#openSession.nick;
  }

  isOpen(): boolean {
    return this.#openSession.isOpen();
  }

  /**
   * Sends messages to rooms, in order. Resolves when the rooms have echoed all of them; calls `onEcho` with the index of each.
   * Rejects with a temporary error, and then the session has ended: the next one joins the rooms again.
   */
  async publish(messages: readonly Element[], onEcho: (index: number) => void): Promise<void> {
    const session = this.#openSession;
    const echoes: Promise<void>[] = [];
    try {
      for (const [index, message] of messages.entries()) {
        const echo = this.#echoOf(String(message.attrs['id'])).then(() => onEcho(index));
        // It is awaited below, unless another message fails first.
        echo.catch(() => undefined);
        echoes.push(echo);
        await session.send(message);
        if (echoes.length >= WINDOW) await echoes[echoes.length - WINDOW];
      }
      await Promise.all(echoes);
    } catch (error) {
      await session.close(error instanceof Error ? error : undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  get #openSession(): Session {
    if (this.#session === undefined) throw new Error('a stanza arrived before the session was open');
    return this.#session;
  }

  #receive(stanza: Element): void {
    if (this.#rooms.accept(stanza) || stanza.name !== 'message') return;
    const { room, nick } = occupantOf(stanza.attrs['from']);
    const pending = this.#pending.get(String(stanza.attrs['id']));
    if (pending === undefined) return;
    if (stanza.attrs['type'] === 'error') {
      const { condition, text } = errorIn(stanza);
      const reason = text === '' ? condition : `${condition} (${text})`;
      pending.reject(
        temporary(`The room ${room} refused a message: ${reason}. ${advice[condition] ?? ''}`.trim()),
      );
    } else if (nick === this.#rooms.nickIn(room)) pending.resolve();
  }

  #echoOf(id: string): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => settle(() => reject(temporary('A room did not echo a message.'))),
        ECHO_TIMEOUT,
      );
      const settle = (then: () => void) => {
        clearTimeout(late);
        this.#pending.delete(id);
        then();
      };
      this.#pending.set(id, {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      });
    });
  }

  #rejectPending(error: Error): void {
    for (const message of [...this.#pending.values()]) message.reject(error);
  }
}
