import { randomUUID } from 'node:crypto';
import { client, xml } from '@xmpp/client';
import { onTestFinished } from 'vitest';

type Element = ReturnType<typeof xml>;

/** A legacy stanza of a room: an element of dionaea's namespace, and the origin of its incident. */
export interface LegacyStanza {
  readonly occupant: string;
  readonly incident: string;
  readonly element: Element;
}

/** Receives the events of a room, in order. */
export interface Listener {
  readonly joined?: (occupant: string) => void;
  readonly left?: (occupant: string) => void;
  readonly received?: (stanza: LegacyStanza) => void;
}

/** An occupant that uses only dionaea's protocol; it shares no code with the package xmpp. */
export interface LegacyClient {
  /** Sends one element of an incident in the form of dionaea's logxmpp: without id and time. */
  send(incident: string, element: Element): Promise<void>;
  /** Leaves the room and the server. */
  leave(): Promise<void>;
}

/** An account, and its nick in a room. */
export interface LegacyAccount {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly room: string;
  readonly nick: string;
  /** Joins as before XEP-0045, with an empty presence. @default false */
  readonly groupchat10?: boolean;
}

const DIONAEA = 'http://dionaea.carnivore.it';

/** Joins a room. Rejects with the error condition of the room. */
export async function joinRoom(account: LegacyAccount, listener: Listener = {}): Promise<LegacyClient> {
  const { url, user, password, room, nick, groupchat10 = false } = account;
  const entity = client({
    service: url,
    domain: 'localhost',
    credentials: (authenticate) =>
      authenticate({ username: user, password }, 'PLAIN', xml('user-agent', { id: randomUUID() })),
  });
  entity.reconnect.stop();
  entity.on('error', () => undefined);
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
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
        listener.received?.({ occupant, incident: String(dionaea?.attrs['incident']), element });
    });
    const x = groupchat10 ? [] : [xml('x', { xmlns: 'http://jabber.org/protocol/muc' })];
    entity.send(xml('presence', { to: `${room}/${nick}` }, ...x)).catch(reject);
  });
  return {
    send: (incident, element) =>
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
