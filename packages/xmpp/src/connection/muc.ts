import { randomBytes } from 'node:crypto';
import { IhandlerError, temporary } from '@ihandler/core';
import { xml } from '@xmpp/client';
import { configureNewRoom } from './new-room.ts';
import { exitOf, statusesIn } from './room-exit.ts';
import { conditionOf, type Element, type Session } from './session.ts';

const MUC = 'http://jabber.org/protocol/muc';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

/** How long a room may take to answer a join, in milliseconds. */
const JOIN_TIMEOUT = 20_000;

/** The rooms that a session has joined. */
export interface Rooms {
  /** The nick of this session in a room; undefined if it is not in the room. */
  nickIn(room: string): string | undefined;
  /** Joins a room without its history, and creates it if it does not exist. Rejects with a temporary error with the reason. */
  join(room: string): Promise<void>;
  /** Accepts a stanza; returns whether it was a presence of this session. */
  accept(stanza: Element): boolean;
}

/** What happens to a session in its rooms. */
export interface RoomEvents {
  /** A room has removed this session, or was destroyed. The room sends nothing any more. */
  readonly onOut?: (reason: Error) => void;
  /** The nick was taken: the session is in the room under another one. */
  readonly onOtherName?: (room: string, wanted: string, name: string) => void;
}

/** Splits the address of an occupant, `room@service/nick`. */
export function occupantOf(from: unknown): { readonly room: string; readonly nick: string } {
  const text = typeof from === 'string' ? from : '';
  const slash = text.indexOf('/');
  return slash === -1
    ? { room: text, nick: '' }
    : { room: text.slice(0, slash), nick: text.slice(slash + 1) };
}

/** The condition and the text of a stanza of the type `error`. */
export function errorIn(stanza: Element): { readonly condition: string; readonly text: string } {
  const error = stanza.getChild('error');
  const condition =
    error?.getChildElements().find((child) => child.attrs['xmlns'] === STANZAS)?.name ?? 'unknown';
  return { condition, text: error?.getChildText('text', STANZAS) ?? '' };
}

const advice: Readonly<Record<string, string>> = {
  'registration-required': 'The room is for members only: its owner must add this account.',
  forbidden: 'This account is banned from the room: its owner must lift the ban.',
  'not-authorized': 'The room has a password, which is not supported: its owner must remove it.',
  'item-not-found':
    'The room does not exist and this account may not create it, or its owner has not configured it yet.',
  'not-allowed': 'This account may not create rooms on the server: its administrator must create this room.',
  'service-unavailable': 'The room is full.',
  gone: 'The room was destroyed, and the server prevents its creation for some time (Prosody: muc_tombstone_expiry). Use another room.',
  'remote-server-not-found': 'The server of the room is unknown: check the address of the room.',
};

interface PendingJoin {
  readonly nick: string;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: Error) => void;
}

class NickTaken extends Error {}

/** Starts without rooms. */
export function createRooms(session: () => Session, { onOut, onOtherName }: RoomEvents = {}): Rooms {
  const joined = new Map<string, string>();
  const joining = new Map<string, PendingJoin>();

  /** Resolves with whether the room was created by this join. */
  function enter(room: string, nick: string): Promise<boolean> {
    return new Promise<boolean>((resolve, reject) => {
      const late = setTimeout(
        () => joining.get(room)?.reject(temporary(`The room ${room} does not respond.`)),
        JOIN_TIMEOUT,
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

  function handleRefusal(stanza: Element, room: string, { nick, reject }: PendingJoin): void {
    const { condition, text } = errorIn(stanza);
    const reason = text === '' ? condition : `${condition} (${text})`;
    reject(
      condition === 'conflict'
        ? new NickTaken(`The nick ${nick} is taken in ${room}.`)
        : temporary(`Cannot join the room ${room}: ${reason}. ${advice[condition] ?? ''}`.trim()),
    );
  }

  return {
    nickIn: (room) => joined.get(room),
    async join(room) {
      const { nick } = session();
      const other = `${nick}-${randomBytes(3).toString('hex')}`;
      const isNew = await enter(room, nick).catch(async (error: unknown) => {
        // The previous connection of this session may still be in the room.
        if (!(error instanceof NickTaken)) throw error;
        const isNewNow = await enter(room, other).catch((again: unknown) => {
          throw again instanceof NickTaken ? temporary(again.message) : again;
        });
        onOtherName?.(room, nick, other);
        return isNewNow;
      });
      if (isNew) await configureNewRoom(session(), room);
    },
    accept(stanza) {
      if (stanza.name !== 'presence') return false;
      const { room, nick } = occupantOf(stanza.attrs['from']);
      const pending = joining.get(room);
      if (stanza.attrs['type'] === 'error') {
        if (pending === undefined) return false;
        handleRefusal(stanza, room, pending);
        return true;
      }
      const statuses = statusesIn(stanza);
      const isSelf =
        nick === (pending?.nick ?? joined.get(room)) || (statuses.has('110') && pending !== undefined);
      if (!isSelf) return false;
      if (stanza.attrs['type'] === 'unavailable') {
        const { renamed, reason } = exitOf(stanza, room);
        if (renamed !== undefined) joined.set(room, renamed);
        else if (pending === undefined) {
          joined.delete(room);
          onOut?.(temporary(reason));
        }
        return true;
      }
      joined.set(room, nick);
      pending?.resolve(statuses.has('201'));
      return true;
    },
  };
}

/** Errors that prove that the room still knows this session: the ping was passed on to it. */
const provesPresence: ReadonlySet<string> = new Set([
  'service-unavailable',
  'feature-not-implemented',
  'item-not-found',
]);

/**
 * Checks that a session is still in a room (XEP-0410): a room that has lost a session sends nothing, not even an error.
 * Rejects with a temporary error when it is not, or when the room does not respond.
 */
export async function assertInRoom(session: Session, room: string, nick: string): Promise<void> {
  const ping = xml('ping', { xmlns: 'urn:xmpp:ping' });
  try {
    await session.ask(xml('iq', { type: 'get', to: `${room}/${nick}` }, ping));
  } catch (error) {
    const condition = conditionOf(error);
    if (provesPresence.has(condition)) return;
    if (error instanceof IhandlerError) throw error;
    throw temporary(
      condition === ''
        ? `The room ${room} does not respond.`
        : `This account is not in the room ${room} any more: ${condition}.`,
      { cause: error },
    );
  }
}
