import { createIncident, type Incident } from '@ihandler/core';

/** A download offer, by default of the sensor `pot`. */
export function offer(ordinal: number, stream = 's', sensor = 'pot'): Incident {
  return createIncident({
    id: `${stream}:${ordinal}`,
    origin: 'dionaea.download.offer',
    timestamp: ordinal,
    sensor,
    data: { url: `http://198.51.100.7/${ordinal}` },
  });
}
