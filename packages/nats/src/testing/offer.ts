import { createIncident, type Incident } from '@ihandler/core';

/** A download offer of a sensor. */
export function offer(ordinal: number, sensor = 'pot', stream = sensor): Incident {
  const data = { url: `http://198.51.100.7/${ordinal}` };
  return createIncident({
    id: `${stream}:${ordinal}`,
    origin: 'dionaea.download.offer',
    timestamp: ordinal,
    sensor,
    data,
  });
}
