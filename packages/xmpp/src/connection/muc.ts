import { randomBytes } from 'node:crypto';
import { IhandlerError, temporary } from '@ihandler/core';
import { xml } from '@xmpp/client';
import { configureNewRoom } from './new-room.ts';
import { exitOf, statusesIn } from './room-exit.ts';
import { conditionOf, type Element, type Session } from './session.ts';

const MUC = 'http://jabber.org/protocol/muc';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

/** How long a room may take to let us in, in milliseconds. */
const JOIN_WITHIN = 20_000;

/** Rooms that a session is in. */
export interface Rooms {
  /** Our name in a room; undefined where we are not. */
  nickIn(room: string): string | undefined;
  /** Enters a room without its history, and makes it where there is none. Rejects with a passing error that says why it does not let us in. */
  join(room: string): Promise<void>;
  /** Takes presences; answers whether it was one of ours. */
  take(stanza: Element): boolean;
}

/** What happens to us in rooms. */
export interface RoomEvents {
  /** A room has put us out, or is gone: why, for people. Nothing comes from it any more. */
  readonly onOut?: (reason: Error) => void;
  /** Our name was taken: we are in the room under another one. */
  readonly onOtherName?: (room: string, wanted: string, name: string) => void;
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
  'item-not-found':
    'The room is not there and may not be made, or whoever makes it has not finished: its owner must.',
  'not-allowed': 'The server lets this account make no rooms: its administrator must make this one.',
  'service-unavailable': 'The room is full.',
  gone: 'The room was destroyed, and its server lets nobody make it again for a time (Prosody: muc_tombstone_expiry): take another one.',
  'remote-server-not-found': 'Is the address of the room right? Its server is not known.',
};

interface Waiting {
  readonly nick: string;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: Error) => void;
}

class NameTaken extends Error {}

/** Rooms for a session; it begins in none. */
export function createRooms(session: () => Session, { onOut, onOtherName }: RoomEvents = {}): Rooms {
  const joined = new Map<string, string>();
  const joining = new Map<string, Waiting>();

  /** Resolves with whether the room was made by our coming. */
  function enter(room: string, nick: string): Promise<boolean> {
    return new Promise<boolean>((resolve, reject) => {
      const late = setTimeout(
        () => joining.get(room)?.reject(temporary(`The room ${room} does not answer.`)),
        JOIN_WITHIN,
      );
      const done = () => {
        clearTimeout(late);
        joining.delete(room);
      };
      joining.set(room, {
        nick,
        resolve: (isNew) => {
          done();
          resolve(isNew);
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

  function refused(stanza: Element, room: string, { nick, reject }: Waiting): void {
    const { condition, text } = errorIn(stanza);
    const said = text === '' ? condition : `${condition} (${text})`;
    reject(
      condition === 'conflict'
        ? new NameTaken(`The name ${nick} is taken in ${room}.`)
        : temporary(`The room ${room} does not let us in: ${said}. ${advice[condition] ?? ''}`.trim()),
    );
  }

  return {
    nickIn: (room) => joined.get(room),
    async join(room) {
      const { nick } = session();
      const other = `${nick}-${randomBytes(3).toString('hex')}`;
      const isNew = await enter(room, nick).catch(async (error: unknown) => {
        // Our own last connection may still be there: another name will do.
        if (!(error instanceof NameTaken)) throw error;
        const isNewNow = await enter(room, other).catch((again: unknown) => {
          throw again instanceof NameTaken ? temporary(again.message) : again;
        });
        onOtherName?.(room, nick, other);
        return isNewNow;
      });
      if (isNew) await configureNewRoom(session(), room);
    },
    take(stanza) {
      if (stanza.name !== 'presence') return false;
      const { room, nick } = occupantOf(stanza.attrs['from']);
      const waiting = joining.get(room);
      if (stanza.attrs['type'] === 'error') {
        if (waiting === undefined) return false;
        refused(stanza, room, waiting);
        return true;
      }
      const statuses = statusesIn(stanza);
      const isSelf =
        nick === (waiting?.nick ?? joined.get(room)) || (statuses.has('110') && waiting !== undefined);
      if (!isSelf) return false;
      if (stanza.attrs['type'] === 'unavailable') {
        const { renamed, reason } = exitOf(stanza, room);
        if (renamed !== undefined) joined.set(room, renamed);
        else if (waiting === undefined) {
          joined.delete(room);
          onOut?.(temporary(reason));
        }
        return true;
      }
      joined.set(room, nick);
      waiting?.resolve(statuses.has('201'));
      return true;
    },
  };
}

/** What is answered by whoever has looked for us in the room, and found us. */
const foundUs: ReadonlySet<string> = new Set([
  'service-unavailable',
  'feature-not-implemented',
  'item-not-found',
]);

/**
 * Asks a room whether we are in it still (XEP-0410): a room that lost us tells nobody, and nothing comes from it any more.
 * Rejects with a passing error when we are not, or when nobody answers.
 */
export async function assertInRoom(session: Session, room: string, nick: string): Promise<void> {
  const ping = xml('ping', { xmlns: 'urn:xmpp:ping' });
  try {
    await session.ask(xml('iq', { type: 'get', to: `${room}/${nick}` }, ping));
  } catch (error) {
    const condition = conditionOf(error);
    if (foundUs.has(condition)) return;
    if (error instanceof IhandlerError) throw error;
    throw temporary(
      condition === ''
        ? `The room ${room} does not answer.`
        : `We are not in the room ${room} any more: ${condition}.`,
      { cause: error },
    );
  }
}
