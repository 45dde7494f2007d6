import { formatDuration, formatTime, HOUR, MINUTE } from '@ihandler/core/kit';
import type { SourceState } from '../status/host-status.ts';
import type { Finding } from './finding.ts';

/** How far clocks may differ, in milliseconds. */
const SKEW = 2 * MINUTE;
/** Time zones differ by multiples of this. */
const ZONE = 15 * MINUTE;

function isZone(ahead: number): boolean {
  const far = Math.abs(ahead);
  const offBy = far % ZONE;
  return far > ZONE / 2 && Math.min(offBy, ZONE - offBy) < SKEW && far < 15 * HOUR;
}

/** The sensors of a source whose clocks are wrong, each with the time that it last reported. */
export function sensorClockFindings(instance: string, clocks: SourceState['clocks']): readonly Finding[] {
  return clocks.map(({ sensor, ahead, timestamp }) => {
    const by = `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead' : 'behind'}`;
    const zone = isZone(ahead);
    return {
      severity: 'warning',
      about: instance,
      found: `the clock of sensor ${sensor} is ${by}: its last incident has the time ${formatTime(timestamp)}${zone ? ', which may be that of another time zone' : ''}`,
      advice: zone
        ? `make sure that ${sensor} writes UTC and that its clock is right`
        : `synchronise the clock of ${sensor} with NTP (timedatectl); if all your sensors are named here, check that of this machine`,
    };
  });
}

/** A finding when the clock of this machine was set back: the journal has incidents from the future. */
export function ownClockFindings(newest: number | undefined, now: number): readonly Finding[] {
  if (newest === undefined || newest - now <= SKEW) return [];
  return [
    {
      severity: 'warning',
      about: 'clock',
      found: `the newest incident was accepted ${formatDuration(newest - now)} in the future: the clock of this machine was set back`,
      advice: 'synchronise it with NTP (timedatectl); ages are wrong until then',
    },
  ];
}
