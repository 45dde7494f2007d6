import { xml } from '@xmpp/client';
import { conditionOf, type Session } from './session.ts';

const DISCO = 'http://jabber.org/protocol/disco#info';

/** The features of a room (XEP-0030), as namespaces; none if the room refuses to list them. Rejects when it does not respond. */
export async function featuresOf(session: Session, room: string): Promise<ReadonlySet<string>> {
  try {
    const answer = await session.ask(xml('iq', { type: 'get', to: room }, xml('query', { xmlns: DISCO })));
    const features = answer.getChild('query', DISCO)?.getChildren('feature') ?? [];
    return new Set(features.map(({ attrs }) => String(attrs['var'])));
  } catch (error) {
    if (conditionOf(error) !== '') return new Set();
    throw error;
  }
}
