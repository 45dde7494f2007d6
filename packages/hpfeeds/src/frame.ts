import { createHash } from 'node:crypto';

/** What a frame is, by its number on the wire (hpfeeds protocol: https://hpfeeds.org/wire-protocol). */
export const OP = { error: 0, info: 1, auth: 2, publish: 3, subscribe: 4, unsubscribe: 5 } as const;

/** Length and opcode in front of each payload, in bytes. */
export const HEADER = 5;
/** The longest payload that brokers and clients take, in bytes. */
export const LONGEST = 1024 * 1024;
/** The longest name, in bytes: some speakers count modulo 255, for which a name of 255 bytes has none. */
export const LONGEST_NAME = 254;

/** One frame as it came. */
export interface Frame {
  readonly op: number;
  readonly payload: Buffer;
}

function frame(op: number, parts: readonly Uint8Array[]): Buffer {
  const size = HEADER + parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(HEADER);
  head.writeInt32BE(size, 0);
  head.writeUInt8(op, 4);
  return Buffer.concat([head, ...parts], size);
}

function name(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > LONGEST_NAME)
    throw new Error(`Expected a name of at most ${LONGEST_NAME} bytes, found ${bytes.length}.`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** The answer to a broker's nonce: SHA-1 of the nonce and the secret. */
export function authFrame(ident: string, nonce: Uint8Array, secret: string): Buffer {
  return frame(OP.auth, [name(ident), createHash('sha1').update(nonce).update(secret).digest()]);
}

/** A message for a channel. */
export function publishFrame(ident: string, channel: string, payload: Uint8Array): Buffer {
  return frame(OP.publish, [name(ident), name(channel), payload]);
}

/** How many bytes of payload fit into a message for a channel. */
export function roomFor(ident: string, channel: string, longest: number = LONGEST): number {
  return longest - 2 - Buffer.byteLength(ident) - Buffer.byteLength(channel);
}

/** Asks for the messages of a channel. */
export function subscribeFrame(ident: string, channel: string): Buffer {
  return frame(OP.subscribe, [name(ident), Buffer.from(channel)]);
}

/** Takes a name from the front of a payload. Throws when the payload is too short. */
export function takeName(payload: Buffer): { readonly name: string; readonly rest: Buffer } {
  const length = payload[0];
  if (length === undefined || payload.length < 1 + length)
    throw new Error(`Expected a name, found a payload of ${payload.length} bytes.`);
  return { name: payload.toString('utf8', 1, 1 + length), rest: payload.subarray(1 + length) };
}

/** A message that a broker passes on. Throws when it is none. */
export function readPublish(payload: Buffer): {
  readonly ident: string;
  readonly channel: string;
  readonly message: Buffer;
} {
  const { name: ident, rest } = takeName(payload);
  const { name: channel, rest: message } = takeName(rest);
  return { ident, channel, message };
}

/** Cuts a stream of bytes into frames. */
export interface FrameReader {
  /** The frames that are whole by now. Throws for a length that no frame has: then nothing of the stream can be trusted. */
  push(chunk: Buffer): readonly Frame[];
}

/** Begins with nothing. A frame whose payload is longer than `longest` bytes is not waited for. */
export function createFrameReader(longest: number = LONGEST): FrameReader {
  let parts: Buffer[] = [];
  let held = 0;
  return {
    push(chunk) {
      parts.push(chunk);
      held += chunk.length;
      const frames: Frame[] = [];
      while (held >= HEADER) {
        if (parts.length > 1 && (parts[0]?.length ?? 0) < HEADER) parts = [Buffer.concat(parts)];
        const size = parts[0]?.readInt32BE(0) ?? 0;
        if (size < HEADER || size > longest + HEADER)
          throw new Error(
            `Expected a frame of ${HEADER} to ${longest + HEADER} bytes, found a length of ${size}.`,
          );
        if (held < size) break;
        const all = parts.length > 1 ? Buffer.concat(parts) : (parts[0] ?? Buffer.alloc(0));
        frames.push({ op: all[4] ?? 0, payload: all.subarray(HEADER, size) });
        held -= size;
        parts = held > 0 ? [all.subarray(size)] : [];
      }
      return frames;
    },
  };
}
