import { createHash } from 'node:crypto';
import type { ClientRequestArgs } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';

/** The error code of a certificate that is not the pinned one. */
export const NOT_PINNED = 'CERT_NOT_PINNED';

/** A pin in hexadecimal digits. */
function normalized(pin: string): string {
  const [, base64] = /^sha256\/\/(.*)$/.exec(pin) ?? [];
  return base64 === undefined
    ? pin.replaceAll(':', '').toLowerCase()
    : Buffer.from(base64, 'base64').toString('hex');
}

function certificateError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The error of a certificate that is not the pinned one or has expired; undefined when it is valid. */
function checkPin(socket: TLSSocket, pin: string): Error | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return certificateError(NOT_PINNED, 'it has no certificate');
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (pin !== sha256(certificate.raw) && pin !== sha256(key))
    return certificateError(
      NOT_PINNED,
      `the SHA-256 of its certificate is ${certificate.fingerprint256}, not the one of "pin"`,
    );
  return Date.parse(certificate.validTo) < Date.now()
    ? certificateError('CERT_HAS_EXPIRED', `its certificate has expired (${certificate.validTo})`)
    : undefined;
}

/**
 * Connects only to servers with one certificate or one key; the authority that signed it does not matter. Nothing is sent
 * before the certificate has been checked.
 */
export class PinnedAgent extends Agent {
  readonly #pin: string;
  constructor(pin: string, options: AgentOptions) {
    // The pin replaces the check of the certificate chain.
    super({ ...options, rejectUnauthorized: false });
    this.#pin = normalized(pin);
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    // Safe: the options of an https request are options of a TLS connection with a port.
    const socket = connect(options as Parameters<typeof connect>[0]);
    const settle = (error: Error | null) => {
      socket.removeListener('error', settle);
      callback?.(error, socket);
    };
    socket.once('error', settle);
    socket.once('secureConnect', () => {
      const error = checkPin(socket, this.#pin);
      if (error === undefined) settle(null);
      else socket.destroy(error);
    });
    return undefined;
  }
}
