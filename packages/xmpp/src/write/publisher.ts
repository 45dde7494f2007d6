import { type Log, temporary } from '@ihandler/core';
import { createRooms, errorIn, occupantOf } from '../connection/muc.ts';
import { type Element, openSession, type Session } from '../connection/session.ts';
import type { Account } from '../options.ts';

/** A session that is in its rooms. */
export interface Publisher {
  readonly nick: string;
  isOpen(): boolean;
  /**
   * Sends messages to rooms, in order; resolves when the rooms have echoed every one. `onEcho` is told of each, by its
   * place. When it rejects, with a passing error, the session is over: whoever was put out of a room enters again.
   */
  publish(messages: readonly Element[], onEcho: (at: number) => void): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How many messages may be on their way. */
const WINDOW = 200;
/** How long a room may take to echo a message, in milliseconds. */
const ECHO_WITHIN = 60_000;

const advice: Readonly<Record<string, string>> = {
  forbidden: 'The room is moderated: a moderator must give this account a voice.',
  'not-acceptable': 'We are not in the room any more, or it does not take such messages.',
  'policy-violation': 'The server limits how large messages may be, and how many.',
  'resource-constraint': 'The server limits how many messages there may be.',
};

/** Connects and enters the rooms. Rejects with a passing error. */
export async function createPublisher(
  account: Account,
  rooms: readonly string[],
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<Publisher> {
  const waiting = new Map<string, Waiting>();
  let session: Session | undefined;
  const current = () => {
    if (session === undefined) throw new Error('a stanza came before the session was there');
    return session;
  };
  const joined = createRooms(current, {
    onOut: (reason) => void session?.close(reason),
    onOtherName: (room, wanted, name) =>
      log.warn('the name is taken in a room: this sensor is there under another one', {
        room,
        wanted,
        name,
      }),
  });

  function take(stanza: Element): void {
    if (joined.take(stanza) || stanza.name !== 'message') return;
    const { room, nick } = occupantOf(stanza.attrs['from']);
    const key = String(stanza.attrs['id']);
    const message = waiting.get(key);
    if (message === undefined) return;
    if (stanza.attrs['type'] === 'error') {
      const { condition, text } = errorIn(stanza);
      message.reject(
        temporary(
          `The room ${room} refuses a message: ${condition}${text === '' ? '' : ` (${text})`}. ${advice[condition] ?? ''}`.trim(),
        ),
      );
    } else if (nick === joined.nickIn(room)) message.resolve();
  }

  function echoOf(id: string): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => settle(() => reject(temporary('A room does not echo what was sent to it.'))),
        ECHO_WITHIN,
      );
      const settle = (then: () => void) => {
        clearTimeout(late);
        waiting.delete(id);
        then();
      };
      waiting.set(id, {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      });
    });
  }

  const opened = await openSession(account, take, signal);
  session = opened;
  void opened.ended.then((error) => {
    for (const message of [...waiting.values()]) message.reject(error);
  });
  try {
    for (const room of rooms) await joined.join(room);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return {
    nick: opened.nick,
    isOpen: opened.isOpen,
    async publish(messages, onEcho) {
      const echoes: Promise<void>[] = [];
      try {
        for (const [at, message] of messages.entries()) {
          const echo = echoOf(String(message.attrs['id'])).then(() => onEcho(at));
          // Waited for below, or given up with the rest.
          echo.catch(() => undefined);
          echoes.push(echo);
          await opened.send(message);
          if (echoes.length >= WINDOW) await echoes[echoes.length - WINDOW];
        }
        await Promise.all(echoes);
      } catch (error) {
        await opened.close(error instanceof Error ? error : undefined);
        throw error;
      }
    },
    close: () => opened.close(),
  };
}
