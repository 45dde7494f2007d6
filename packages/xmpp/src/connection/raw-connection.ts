import type { client } from '@xmpp/client';

type Entity = ReturnType<typeof client>;

/** A socket of the client library. With TLS it wraps one of Node. */
interface LibrarySocket {
  readonly socket?: LibrarySocket | null;
  destroy?(): void;
}

/** Members of the library's class that its types leave out. */
interface EntityInternals {
  parser: object | null;
  socket: LibrarySocket | null;
  _onData(data: Uint8Array): void;
}

/**
 * Makes a client of the library emit an error when the other side does not answer with XML, which the library ignores. Data
 * that arrives after the end of a stream, when the library has no parser, is ignored; the library would throw an uncaught error.
 */
export function checkData(entity: Entity): void {
  // Safe: these members exist in the pinned version of the library; the tests use all of them.
  const internals = entity as unknown as EntityInternals;
  const handleData = internals._onData;
  let isXml = false;
  internals._onData = (data) => {
    if (!isXml) {
      const text = Buffer.from(data).toString('latin1').trimStart();
      if (text === '') return;
      if (!text.startsWith('<')) {
        entity.emit('error', new Error('the other side does not speak XMPP: check the address and the port'));
        return;
      }
      isXml = true;
    }
    if (internals.parser !== null) handleData.call(entity, data);
  };
}

/** Ends a stream and its connection; after `timeout` milliseconds only the connection. Never rejects. */
export async function closeEntity(entity: Entity, timeout: number): Promise<void> {
  // Safe: see above.
  const internals = entity as unknown as EntityInternals;
  const { socket } = internals;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  // The stream cannot be closed properly when the connection is broken.
  const stopped = entity.stop().catch(() => undefined);
  await Promise.race([stopped, late]);
  clearTimeout(timer);
  if (socket === null) return;
  // The socket has an `end` that waits for the other side.
  const raw = typeof socket.destroy === 'function' ? socket : socket.socket;
  raw?.destroy?.();
}
