import { createHash } from 'node:crypto';

/** The opcodes of frames (hpfeeds protocol: https://hpfeeds.org/wire-protocol). */
export const OP = { error: 0, info: 1, auth: 2, publish: 3, subscribe: 4, unsubscribe: 5 } as const;

/** The size of length and opcode before each payload, in bytes. */
export const HEADER = 5;
/** The largest payload that brokers and clients accept, in bytes. */
export const MAX_PAYLOAD = 1024 * 1024;
/** The longest name, in bytes: some clients count modulo 255, so that a name of 255 bytes would have length 0. */
export const MAX_NAME = 254;

/** One received frame. */
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
  if (bytes.length > MAX_NAME)
    throw new Error(`Expected a name of at most ${MAX_NAME} bytes, found ${bytes.length}.`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** The answer to a broker's nonce: SHA-1 of the nonce and the secret. */
export function authFrame(ident: string, nonce: Uint8Array, secret: string): Buffer {
  return frame(OP.auth, [name(ident), createHash('sha1').update(nonce).update(secret).digest()]);
}

/** Encodes a message for a channel. */
export function publishFrame(ident: string, channel: string, payload: Uint8Array): Buffer {
  return frame(OP.publish, [name(ident), name(channel), payload]);
}

/** How many bytes of message fit into a publish frame for a channel. */
export function roomFor(ident: string, channel: string, maxPayload: number = MAX_PAYLOAD): number {
  return maxPayload - 2 - Buffer.byteLength(ident) - Buffer.byteLength(channel);
}

/** Encodes a subscription to a channel. */
export function subscribeFrame(ident: string, channel: string): Buffer {
  return frame(OP.subscribe, [name(ident), Buffer.from(channel)]);
}

/** Splits a name from the front of a payload. Throws when the payload is too short. */
export function takeName(payload: Buffer): { readonly name: string; readonly rest: Buffer } {
  const length = payload[0];
  if (length === undefined || payload.length < 1 + length)
    throw new Error(`Expected a name, found a payload of ${payload.length} bytes.`);
  return { name: payload.toString('utf8', 1, 1 + length), rest: payload.subarray(1 + length) };
}

/** A message as the broker delivers it. */
export interface PublishedMessage {
  /** The identity of the publisher, which the broker has verified. */
  readonly ident: string;
  readonly channel: string;
  readonly message: Buffer;
}

/** Decodes the payload of a publish frame. Throws when it is invalid. */
export function readPublish(payload: Buffer): PublishedMessage {
  const { name: ident, rest } = takeName(payload);
  const { name: channel, rest: message } = takeName(rest);
  return { ident, channel, message };
}

/** Splits a stream of bytes into frames. */
export interface FrameReader {
  /** Returns the frames that are complete now. Throws for an invalid length: the stream cannot be read any further. */
  push(chunk: Buffer): readonly Frame[];
}

/** Starts empty. A frame with a payload of more than `maxPayload` bytes is invalid. */
export function createFrameReader(maxPayload: number = MAX_PAYLOAD): FrameReader {
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
        if (size < HEADER || size > maxPayload + HEADER)
          throw new Error(
            `Expected a frame of ${HEADER} to ${maxPayload + HEADER} bytes, found a length of ${size}.`,
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
