import type { Incident } from '../../../contract/incident.ts';
import { factsOnly } from '../../../incident/mask/facts-only.ts';
import { maskSensor } from '../../../incident/mask/mask-sensor.ts';
import type { OriginRegistry } from '../../../origins/create-origins.ts';
import { type Batch, part } from '../lane-queue.ts';
import type { Attempts } from './attempt.ts';

type Masking = (incident: Incident) => Incident;

/** Masks each incident once for all lanes with the same setting; the result lives as long as the original. */
function once(mask: Masking): Masking {
  const results = new WeakMap<Incident, Incident>();
  return (incident) => {
    let masked = results.get(incident);
    if (masked === undefined) {
      masked = mask(incident);
      results.set(incident, masked);
    }
    return masked;
  };
}

interface Maskings {
  readonly own: Masking;
  readonly facts: Masking;
}

const made = new WeakMap<OriginRegistry, Maskings>();

/** The maskings of a dispatcher. */
function maskingsOf(origins: OriginRegistry): Maskings {
  const known = made.get(origins);
  if (known !== undefined) return known;
  const own = once((incident) => maskSensor(incident, origins));
  const maskings = { own, facts: once((incident) => factsOnly(maskSensor(incident, origins), origins)) };
  made.set(origins, maskings);
  return maskings;
}

function maskBatch(batch: Batch, single: boolean, mask: Masking): Batch {
  const tried = single ? part(batch, 0, 1) : batch;
  return { ...tried, incidents: tried.incidents.map(mask) };
}

/**
 * Attempts whose handler gets incidents without the sensor's own address, or with facts only. The batch, and so a dead letter, keeps the
 * originals.
 */
export function maskedAttempts(attempts: Attempts, mask: true | 'facts', origins: OriginRegistry): Attempts {
  const { own, facts } = maskingsOf(origins);
  const masking = mask === 'facts' ? facts : own;
  return {
    attempt: (batch, single) => attempts.attempt(maskBatch(batch, single, masking), single),
    attemptReplay: (batch, single) => attempts.attemptReplay(maskBatch(batch, single, masking), single),
    started: () => attempts.started(),
    stored: (stream) => attempts.stored(stream),
  };
}
