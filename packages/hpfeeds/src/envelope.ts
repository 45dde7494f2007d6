import { encodeIncident, type Incident, type Value } from '@ihandler/core';
import { encodeValue, receiveIncident } from '@ihandler/core/kit';

/** A whole incident in a message, with a number, because a broker neither acknowledges nor counts. */
export interface Envelope {
  /** The name of the publisher: a new one for each connection. */
  readonly publisher: string;
  /** Counts the messages of the publisher, from 0: a gap is a loss. */
  readonly number: number;
  readonly incident: Incident;
}

/** An encoded envelope. */
export interface EncodedEnvelope {
  readonly payload: Buffer;
  /** Whether texts were cut to make it fit. */
  readonly stripped: boolean;
}

function payloadOf({ publisher, number, incident }: Envelope): Buffer {
  const { local: _local, ...shared } = incident;
  // The incident is encoded as JSON text; parsing it to encode the envelope would cost more than everything else.
  return Buffer.from(
    `{"ihandler":1,"publisher":${JSON.stringify(publisher)},"number":${number},"incident":${encodeIncident(shared)}}`,
  );
}

function cut(value: Value, longest: number): Value {
  if (typeof value === 'string') return value.length <= longest ? value : value.slice(0, longest);
  if (ArrayBuffer.isView(value)) return value.length <= longest ? value : value.slice(0, longest);
  if (Array.isArray(value)) return value.map((item: Value) => cut(item, longest));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cut(item, longest)]));
}

/**
 * Encodes an envelope in at most `room` bytes. If it is too large, its longest texts and byte arrays are cut to one length,
 * which is stored in `data.stripped_to`. Undefined when it still does not fit.
 */
export function encodeEnvelope(envelope: Envelope, room: number): EncodedEnvelope | undefined {
  const whole = payloadOf(envelope);
  if (whole.length <= room) return { payload: whole, stripped: false };
  for (let longest = Math.floor(room / 8); longest >= 16; longest = Math.floor(longest / 4)) {
    // Safe: cutting a record keeps it a record.
    const data = cut(envelope.incident.data, longest) as Incident['data'];
    const stripped = { ...envelope.incident, data: { ...data, stripped_to: longest } };
    const payload = payloadOf({ ...envelope, incident: stripped });
    if (payload.length <= room) return { payload, stripped: true };
  }
  return undefined;
}

/** Numbers that `JSON.stringify` would change, such as `-0`, in the form of core's `encodeIncident`. */
function restated(_key: string, value: unknown): unknown {
  const isKept = typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0));
  return isKept ? value : JSON.parse(encodeValue(value));
}

/** Decodes an envelope. `sensor` replaces the sensor that the incident names. Throws when the message is invalid. */
export function decodeEnvelope(message: Buffer, sensor: string | undefined): Envelope {
  const value: unknown = JSON.parse(message.toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new Error('Expected an object.');
  // Safe: any key of an object may be read, and each value is checked.
  const { publisher, number, incident } = value as Readonly<Record<string, unknown>>;
  if (typeof publisher !== 'string' || typeof number !== 'number' || typeof incident !== 'object')
    throw new Error('Expected publisher, number and incident.');
  return { publisher, number, incident: receiveIncident(JSON.stringify(incident, restated), { sensor }) };
}
