import type { Socket } from 'node:net';
import type { TlsSettings } from '@ihandler/core/kit';
import { type client, xml } from '@xmpp/client';
import type { Element } from './session.ts';

const STARTTLS = 'urn:ietf:params:xml:ns:xmpp-tls';
/** The client library upgrades every `starttls` of its own namespace without options, so it is shown this one. */
const OWN_STARTTLS = 'urn:ihandler:starttls';
const STREAMS = 'http://etherx.jabber.org/streams';

type Entity = ReturnType<typeof client>;

interface TlsSocket {
  connect(options: object): void;
  once(event: string, listener: (error: Error) => void): void;
}

interface Transport {
  readonly prototype: { readonly Socket: new () => TlsSocket; socketParameters(service: string): unknown };
}

/** Members of the library's class that its types leave out. */
interface EntityInternals {
  readonly transports: readonly Transport[];
  readonly socket: Socket;
  socketParameters(service: string): object | undefined;
  prependListener(event: 'element', listener: (element: Element) => void): void;
  _attachSocket(socket: TlsSocket): void;
  sendReceive(element: Element): Promise<Element>;
  restart(): Promise<unknown>;
}

/** Makes a client of the library use certificates and checks of our own, with `xmpps:` and with STARTTLS. */
export function useTls(entity: Entity, tls: TlsSettings, domain: string): void {
  // Safe: these members exist in the pinned version of the library; the tests of TLS use all of them.
  const internals = entity as unknown as EntityInternals;
  const socketParameters = internals.socketParameters.bind(entity);
  internals.socketParameters = (service) => {
    const parameters = socketParameters(service);
    return service.startsWith('xmpps:') ? { ...parameters, ...tls } : parameters;
  };
  const secure = internals.transports.find(
    ({ prototype }) => prototype.socketParameters('xmpps://localhost') !== undefined,
  );
  if (secure === undefined) throw new Error('Expected a transport for TLS in @xmpp/client, found none.');

  internals.prependListener('element', (element) => {
    if (!element.is('features', STREAMS)) return;
    const starttls = element.getChild('starttls', STARTTLS);
    if (starttls === undefined) return;
    // Nothing else may be negotiated before the connection is encrypted.
    element.children.length = 0;
    starttls.attrs['xmlns'] = OWN_STARTTLS;
    element.append(starttls);
  });
  entity.streamFeatures.use('starttls', OWN_STARTTLS, async () => {
    const answer = await internals.sendReceive(xml('starttls', { xmlns: STARTTLS }));
    if (!answer.is('proceed', STARTTLS)) throw new Error('the server refused STARTTLS');
    const socket = new secure.prototype.Socket();
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    socket.connect({ socket: internals.socket, host: domain, ...tls });
    await connected;
    internals._attachSocket(socket);
    await internals.restart();
  });
}
