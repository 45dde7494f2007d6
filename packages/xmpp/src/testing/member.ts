import { xml } from '@xmpp/client';
import { onTestFinished } from 'vitest';
import { createRooms } from '../connection/muc.ts';
import { type Element, openSession, type Session } from '../connection/session.ts';

/** A client that can join rooms and send any stanza. */
export interface Member {
  readonly session: Session;
  /** The received stanzas. */
  readonly heard: readonly Element[];
  join(room: string): Promise<void>;
  /** As an owner or moderator: changes role or affiliation of an occupant; `item` as in XEP-0045. */
  administer(room: string, item: Readonly<Record<string, string>>): Promise<void>;
  /** As an owner: sets fields of a room's configuration. */
  configure(room: string, fields: Readonly<Record<string, string>>): Promise<void>;
  destroy(room: string): Promise<void>;
}

const OWNER = 'http://jabber.org/protocol/muc#owner';

/** Connects; disconnects when the test is finished. */
export async function member(url: string, user: string, password: string, nick = user): Promise<Member> {
  const heard: Element[] = [];
  let session: Session | undefined;
  const rooms = createRooms(() => {
    if (session === undefined) throw new Error('expected a session');
    return session;
  });
  const account = {
    url,
    user,
    domain: 'localhost',
    password,
    nick,
    resource: undefined,
    insecure: false,
    tls: undefined,
  };
  const receive = (stanza: Element) => {
    heard.push(stanza);
    rooms.accept(stanza);
  };
  const opened = await openSession(account, receive, new AbortController().signal);
  session = opened;
  onTestFinished(() => opened.close());
  const set = async (room: string, query: Element) => {
    await opened.ask(xml('iq', { type: 'set', to: room }, query));
  };
  return {
    session: opened,
    heard,
    join: (room) => rooms.join(room),
    administer: (room, item) =>
      set(room, xml('query', { xmlns: 'http://jabber.org/protocol/muc#admin' }, xml('item', item))),
    configure(room, fields) {
      const all = { FORM_TYPE: 'http://jabber.org/protocol/muc#roomconfig', ...fields };
      const list = Object.entries(all).map(([name, value]) =>
        xml('field', { var: name }, xml('value', {}, value)),
      );
      return set(
        room,
        xml('query', { xmlns: OWNER }, xml('x', { xmlns: 'jabber:x:data', type: 'submit' }, ...list)),
      );
    },
    destroy: (room) => set(room, xml('query', { xmlns: OWNER }, xml('destroy'))),
  };
}
