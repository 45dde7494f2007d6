import { encodeIncident, type Incident, type Value } from '@ihandler/core';
import { receiveIncident } from '@ihandler/core/kit';

/** A whole incident on its way through a broker, which neither acknowledges nor counts. */
export interface Envelope {
  /** Who published it: another one after each connection. */
  readonly publisher: string;
  /** Counts what the publisher sent on this connection, from 0: a gap is a loss. */
  readonly number: number;
  readonly incident: Incident;
}

/** What {@link sealed} made. */
export interface Sealed {
  readonly payload: Buffer;
  /** Whether texts had to be cut so that it fits. */
  readonly stripped: boolean;
}

function payloadOf({ publisher, number, incident }: Envelope): Buffer {
  const { local: _local, ...told } = incident;
  // The incident is JSON text already: parsing it only to write it again would cost more than all the rest.
  return Buffer.from(
    `{"ihandler":1,"publisher":${JSON.stringify(publisher)},"number":${number},"incident":${encodeIncident(told)}}`,
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
 * Writes an envelope in at most `room` bytes: one that is too large has its longest texts and bytes cut, all at one length,
 * and says so in `data.stripped_to`. Undefined when even that does not help.
 */
export function sealed(envelope: Envelope, room: number): Sealed | undefined {
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

/** Reads an envelope; `sensor` says whom it is taken for, else the incident itself. Throws for anything else. */
export function opened(message: Buffer, sensor: string | undefined): Envelope {
  const found: unknown = JSON.parse(message.toString('utf8'));
  if (typeof found !== 'object' || found === null) throw new Error('Expected an object.');
  // Safe: any key of an object may be read, and what comes out is looked at.
  const { publisher, number, incident } = found as Readonly<Record<string, unknown>>;
  if (typeof publisher !== 'string' || typeof number !== 'number' || typeof incident !== 'object')
    throw new Error('Expected publisher, number and incident.');
  return { publisher, number, incident: receiveIncident(JSON.stringify(incident), { sensor }) };
}
