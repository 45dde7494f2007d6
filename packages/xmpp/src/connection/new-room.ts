import { xml } from '@xmpp/client';
import type { Element, Session } from './session.ts';

const OWNER = 'http://jabber.org/protocol/muc#owner';
const DATA = 'jabber:x:data';

/** What a room of ours is to be, by the names that servers have for it: it outlives who is in it, and so does what was said. */
const wanted: readonly string[] = ['muc#roomconfig_persistentroom', 'muc#roomconfig_enablearchiving', 'mam'];

function submission(fields: readonly Element[]): Element {
  return xml('query', { xmlns: OWNER }, xml('x', { xmlns: DATA, type: 'submit' }, ...fields));
}

function field(name: string, value: string): Element {
  return xml('field', { var: name }, xml('value', {}, value));
}

/**
 * Opens a room that was made by our coming: many servers (Prosody: `muc_room_locking`) let nobody else in before its owner
 * has said what it is to be. It is made to stay when it is empty, since its archive would go with it.
 */
export async function configureNewRoom(session: Session, room: string): Promise<void> {
  try {
    const form = await session.ask(xml('iq', { type: 'get', to: room }, xml('query', { xmlns: OWNER })));
    const offered = new Set(
      (form.getChild('query', OWNER)?.getChild('x', DATA)?.getChildren('field') ?? []).map((each) =>
        String(each.attrs['var']),
      ),
    );
    const fields = wanted.filter((name) => offered.has(name)).map((name) => field(name, '1'));
    const type = field('FORM_TYPE', 'http://jabber.org/protocol/muc#roomconfig');
    await session.ask(xml('iq', { type: 'set', to: room }, submission([type, ...fields])));
  } catch {
    // Then as the server has it: an empty form opens the room. Where that is refused it was open, or somebody else owns it.
    await session.ask(xml('iq', { type: 'set', to: room }, submission([]))).catch(() => undefined);
  }
}
