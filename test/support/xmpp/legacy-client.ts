import { randomUUID } from 'node:crypto';
import { client, xml } from '@xmpp/client';
import { onTestFinished } from 'vitest';

type Element = ReturnType<typeof xml>;

/** What somebody said in a room: an element of dionaea's namespace, of which incident. */
export interface Said {
  readonly occupant: string;
  readonly incident: string;
  readonly element: Element;
}

/** Who is told what happens in a room, in the order in which it does. */
export interface Listener {
  readonly joined?: (occupant: string) => void;
  readonly left?: (occupant: string) => void;
  readonly said?: (said: Said) => void;
}

/** Somebody in a room who knows only dionaea's protocol, written from its description and not from our package. */
export interface OldClient {
  /** Says one element of an incident, in the form of dionaea's logxmpp: without id, and without a time. */
  say(incident: string, element: Element): Promise<void>;
  /** Leaves the room and the server. */
  leave(): Promise<void>;
}

/** An account, and the name it takes in a room. */
export interface Who {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly room: string;
  readonly nick: string;
  /** As before there were rooms by XEP-0045: a presence and nothing in it. @default false */
  readonly groupchat10?: boolean;
}

const DIONAEA = 'http://dionaea.carnivore.it';

/** Enters a room. Rejects with the condition that the room answers when it does not let somebody in. */
export async function enter(who: Who, listener: Listener = {}): Promise<OldClient> {
  const { url, user, password, room, nick, groupchat10 = false } = who;
  const entity = client({
    service: url,
    domain: 'localhost',
    credentials: (authenticate) =>
      authenticate({ username: user, password }, 'PLAIN', xml('user-agent', { id: randomUUID() })),
  });
  entity.reconnect.stop();
  entity.on('error', () => undefined);
  let isOver = false;
  const stop = async () => {
    if (isOver) return;
    isOver = true;
    await entity.stop();
  };
  onTestFinished(stop);
  await entity.start();
  await new Promise<void>((resolve, reject) => {
    entity.on('stanza', (stanza: Element) => {
      const occupant = String(stanza.attrs['from']);
      if (stanza.name === 'presence') {
        const { type } = stanza.attrs;
        if (type === 'error')
          reject(new Error(stanza.getChild('error')?.getChildElements()[0]?.name ?? 'unknown'));
        else if (type === 'unavailable') listener.left?.(occupant);
        else {
          listener.joined?.(occupant);
          if (occupant === `${room}/${nick}`) resolve();
        }
      }
      if (stanza.name !== 'message') return;
      const dionaea = stanza.getChild('body')?.getChild('dionaea', DIONAEA);
      for (const element of dionaea?.getChildElements() ?? [])
        listener.said?.({ occupant, incident: String(dionaea?.attrs['incident']), element });
    });
    const x = groupchat10 ? [] : [xml('x', { xmlns: 'http://jabber.org/protocol/muc' })];
    entity.send(xml('presence', { to: `${room}/${nick}` }, ...x)).catch(reject);
  });
  return {
    say: (incident, element) =>
      entity.send(
        xml(
          'message',
          { type: 'groupchat', to: room, 'xml:lang': 'en' },
          xml('body', {}, xml('dionaea', { xmlns: DIONAEA, incident }, element)),
          xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, nick),
        ),
      ),
    async leave() {
      await entity.send(xml('presence', { to: `${room}/${nick}`, type: 'unavailable' }));
      await stop();
    },
  };
}
