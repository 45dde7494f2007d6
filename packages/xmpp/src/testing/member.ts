import { xml } from '@xmpp/client';
import { onTestFinished } from 'vitest';
import { createRooms } from '../connection/muc.ts';
import { type Element, openSession, type Session } from '../connection/session.ts';

/** Somebody at a server who may be in rooms, and sends what it likes. */
export interface Member {
  readonly session: Session;
  /** Everything that came. */
  readonly heard: readonly Element[];
  join(room: string): Promise<void>;
  /** As an owner or moderator: changes what somebody is in a room; `item` as XEP-0045 has it. */
  administer(room: string, item: Readonly<Record<string, string>>): Promise<void>;
  /** As an owner: sets fields of a room's configuration. */
  configure(room: string, fields: Readonly<Record<string, string>>): Promise<void>;
  destroy(room: string): Promise<void>;
}

const OWNER = 'http://jabber.org/protocol/muc#owner';

/** Connects; it leaves with the test. */
export async function member(service: string, user: string, password: string, nick = user): Promise<Member> {
  const heard: Element[] = [];
  let session: Session | undefined;
  const rooms = createRooms(() => {
    if (session === undefined) throw new Error('expected a session');
    return session;
  });
  const account = {
    service,
    user,
    domain: 'localhost',
    password,
    nick,
    resource: undefined,
    insecure: false,
  };
  const take = (stanza: Element) => {
    heard.push(stanza);
    rooms.take(stanza);
  };
  const opened = await openSession(account, take, new AbortController().signal);
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
