import { createIncident, encodeIncident, type UntypedData } from '@ihandler/core';

/** An incident as another ihandler posts it. */
export function line(
  ordinal: number,
  sensor = 'peer',
  data: UntypedData = { url: 'http://192.0.2.1/x' },
): string {
  return encodeIncident(
    createIncident({
      id: `5a1c0f6e2b9d4837:${ordinal}`,
      origin: 'dionaea.download.offer',
      timestamp: 1_764_000_000_000 + ordinal / 4,
      sensor,
      data,
    }),
  );
}
