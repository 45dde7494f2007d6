import type { Incident } from '../../../contract/incident.ts';
import { maskSensor } from '../../../incident/mask/mask-sensor.ts';
import { type Batch, part } from '../lane-queue.ts';
import type { Attempts } from './attempt.ts';

/** Masks each incident once for all lanes; an entry lives as long as the original. */
const maskedIncidents = new WeakMap<Incident, Incident>();

function maskOnce(incident: Incident): Incident {
  let masked = maskedIncidents.get(incident);
  if (masked === undefined) {
    masked = maskSensor(incident);
    maskedIncidents.set(incident, masked);
  }
  return masked;
}

function maskBatch(batch: Batch, single: boolean): Batch {
  const tried = single ? part(batch, 0, 1) : batch;
  return { ...tried, incidents: tried.incidents.map(maskOnce) };
}

/**
 * Attempts whose handler gets incidents without the sensor's own address. The batch, and so a dead letter, keeps the
 * originals.
 */
export function maskedAttempts(attempts: Attempts): Attempts {
  return {
    attempt: (batch, single) => attempts.attempt(maskBatch(batch, single), single),
    attemptReplay: (batch, single) => attempts.attemptReplay(maskBatch(batch, single), single),
    started: () => attempts.started(),
    stored: (stream) => attempts.stored(stream),
  };
}
