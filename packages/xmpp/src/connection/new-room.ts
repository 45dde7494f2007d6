import { xml } from '@xmpp/client';
import type { Element, Session } from './session.ts';

const OWNER = 'http://jabber.org/protocol/muc#owner';
const DATA = 'jabber:x:data';

/** The settings of a new room, by the names that servers use: the room persists without occupants, and has an archive. */
const enabledFields: readonly string[] = [
  'muc#roomconfig_persistentroom',
  'muc#roomconfig_enablearchiving',
  'mam',
];

function submission(fields: readonly Element[]): Element {
  return xml('query', { xmlns: OWNER }, xml('x', { xmlns: DATA, type: 'submit' }, ...fields));
}

function field(name: string, value: string): Element {
  return xml('field', { var: name }, xml('value', {}, value));
}

/**
 * Configures a room that this session has created: many servers (Prosody: `muc_room_locking`) keep a room locked until its
 * owner has configured it. The room is made persistent, because its archive is deleted with it.
 */
export async function configureNewRoom(session: Session, room: string): Promise<void> {
  try {
    const form = await session.ask(xml('iq', { type: 'get', to: room }, xml('query', { xmlns: OWNER })));
    const offered = new Set(
      (form.getChild('query', OWNER)?.getChild('x', DATA)?.getChildren('field') ?? []).map((each) =>
        String(each.attrs['var']),
      ),
    );
    const fields = enabledFields.filter((name) => offered.has(name)).map((name) => field(name, '1'));
    const type = field('FORM_TYPE', 'http://jabber.org/protocol/muc#roomconfig');
    await session.ask(xml('iq', { type: 'set', to: room }, submission([type, ...fields])));
  } catch {
    // An empty form accepts the defaults of the server. If that fails too, the room was not locked, or has another owner.
    await session.ask(xml('iq', { type: 'set', to: room }, submission([]))).catch(() => undefined);
  }
}
