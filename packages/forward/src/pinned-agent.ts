import { createHash } from 'node:crypto';
import type { ClientRequestArgs } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';

/** The error code of a certificate that is another than the one expected. */
export const NOT_PINNED = 'CERT_NOT_PINNED';

/** A pin as bytes in hexadecimal digits. */
function normalised(pin: string): string {
  const [, base64] = /^sha256\/\/(.*)$/.exec(pin) ?? [];
  return base64 === undefined
    ? pin.replaceAll(':', '').toLowerCase()
    : Buffer.from(base64, 'base64').toString('hex');
}

function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Why a connection is not to the one expected; undefined when it is. */
function wrongWith(socket: TLSSocket, pin: string): Error | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return failed(NOT_PINNED, 'it shows no certificate');
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (pin !== sha256(certificate.raw) && pin !== sha256(key))
    return failed(
      NOT_PINNED,
      `the SHA-256 of its certificate is ${certificate.fingerprint256}, not the one of "pin"`,
    );
  return Date.parse(certificate.validTo) < Date.now()
    ? failed('CERT_HAS_EXPIRED', `its certificate has expired (${certificate.validTo})`)
    : undefined;
}

/**
 * Connects only to who has one certificate, or one key, whoever signed it. Nothing is sent before that is known: a
 * connection is handed out when it has been looked at.
 */
export class PinnedAgent extends Agent {
  readonly #pin: string;
  constructor(pin: string, options: AgentOptions) {
    // The chain is not what is trusted here.
    super({ ...options, rejectUnauthorized: false });
    this.#pin = normalised(pin);
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    // Safe: these are the options of an https request, which are those of a TLS connection, with a port.
    const socket = connect(options as Parameters<typeof connect>[0]);
    const tell = (error: Error | null) => {
      socket.removeListener('error', tell);
      callback?.(error, socket);
    };
    socket.once('error', tell);
    socket.once('secureConnect', () => {
      const wrong = wrongWith(socket, this.#pin);
      if (wrong === undefined) tell(null);
      else socket.destroy(wrong);
    });
    return undefined;
  }
}
