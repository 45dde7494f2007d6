import { randomBytes } from 'node:crypto';
import { IhandlerError, tryLater } from '@ihandler/core';
import { xml } from '@xmpp/client';
import type { Element, Session } from './session.ts';

const MUC = 'http://jabber.org/protocol/muc';
const MUC_USER = 'http://jabber.org/protocol/muc#user';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

/** How long a room may take to let us in, in milliseconds. */
const JOIN_WITHIN = 20_000;

/** Rooms that a session is in. */
export interface Rooms {
  /** Our name in a room; undefined where we are not. */
  nickIn(room: string): string | undefined;
  /** Enters a room without its history. Rejects with a passing error that says why it does not let us in. */
  join(room: string): Promise<void>;
  /** Takes presences; answers whether it was one of ours. */
  take(stanza: Element): boolean;
}

/** The address of a room, and who in it: `room@service/nick`. */
export function occupantOf(from: unknown): { readonly room: string; readonly nick: string } {
  const text = typeof from === 'string' ? from : '';
  const slash = text.indexOf('/');
  return slash === -1
    ? { room: text, nick: '' }
    : { room: text.slice(0, slash), nick: text.slice(slash + 1) };
}

/** What is wrong, as a stanza of the type `error` says it: condition and text. */
export function errorIn(stanza: Element): { readonly condition: string; readonly text: string } {
  const error = stanza.getChild('error');
  const condition =
    error?.getChildElements().find((child) => child.attrs['xmlns'] === STANZAS)?.name ?? 'unknown';
  return { condition, text: error?.getChildText('text', STANZAS) ?? '' };
}

const advice: Readonly<Record<string, string>> = {
  'registration-required': 'The room is for members only: its owner must make this account one.',
  forbidden: 'This account is banned from the room: its owner must lift that.',
  'not-authorized': 'The room has a password, which this handler does not know: its owner must take it away.',
  'item-not-found': 'The room is not there and may not be made: its owner must make it.',
  'not-allowed': 'The server lets nobody make rooms: its administrator must make this one.',
  'service-unavailable': 'The room is full.',
};

interface Waiting {
  readonly nick: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Rooms for a session; it begins in none. */
export function createRooms(session: () => Session): Rooms {
  const joined = new Map<string, string>();
  const joining = new Map<string, Waiting>();

  function enter(room: string, nick: string): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(tryLater(`The room ${room} does not answer.`)), JOIN_WITHIN);
      const done = () => {
        clearTimeout(late);
        joining.delete(room);
      };
      joining.set(room, {
        nick,
        resolve: () => {
          done();
          resolve();
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
      const x = xml('x', { xmlns: MUC }, xml('history', { maxstanzas: '0' }));
      session()
        .send(xml('presence', { to: `${room}/${nick}` }, x))
        .catch((error: Error) => joining.get(room)?.reject(error));
      void session().ended.then((error) => joining.get(room)?.reject(error));
    });
  }

  return {
    nickIn: (room) => joined.get(room),
    async join(room) {
      const { nick } = session();
      try {
        await enter(room, nick);
      } catch (error) {
        // Our own last connection may still be there: another name will do.
        if (!(error instanceof IhandlerError)) throw error;
        await enter(room, `${nick}-${randomBytes(3).toString('hex')}`);
      }
    },
    take(stanza) {
      if (stanza.name !== 'presence') return false;
      const { room, nick } = occupantOf(stanza.attrs['from']);
      const waiting = joining.get(room);
      if (stanza.attrs['type'] === 'error' && waiting !== undefined) {
        const { condition, text } = errorIn(stanza);
        waiting.reject(
          condition === 'conflict'
            ? new IhandlerError('LIFE_CYCLE', `The name ${nick} is taken in ${room}.`)
            : tryLater(
                `The room ${room} does not let us in: ${condition}${text === '' ? '' : ` (${text})`}. ${advice[condition] ?? ''}`,
              ),
        );
        return true;
      }
      const isSelf =
        stanza
          .getChild('x', MUC_USER)
          ?.getChildren('status')
          .some((status) => status.attrs['code'] === '110') === true || waiting?.nick === nick;
      if (!isSelf) return false;
      if (stanza.attrs['type'] === 'unavailable') joined.delete(room);
      else {
        joined.set(room, nick);
        waiting?.resolve();
      }
      return true;
    },
  };
}
