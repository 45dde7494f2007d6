import {
  createIncident,
  formatIncidentId,
  type Incident,
  type IncidentMap,
  type IncidentParts,
  type Origin,
  type UntypedData,
} from '@ihandler/core';
import { FIXED_TIME } from './clock.ts';
import { examples } from './examples/index.ts';

/** The stream of fixtures, and the sensor that saw them. */
const STREAM = 'test';
const SENSOR = 'test-sensor';

/** What may be different in an {@link incident} beside its data. */
export type IncidentOverrides = Partial<Pick<IncidentParts, 'id' | 'timestamp' | 'sensor'>>;

/** Example data of an origin; nothing where the catalogue does not know it. */
export function exampleOf(origin: string): UntypedData {
  // Safe: data that fits a schema is made of values.
  const known = examples as Readonly<Record<string, UntypedData>>;
  return Object.hasOwn(known, origin) ? (known[origin] ?? {}) : {};
}

/**
 * A valid incident of an origin, always the same: id `test:1`, seen on 2026-01-01 by `test-sensor`. An origin of the
 * catalogue has example data that fits, others have none; the keys of `data`, which is taken over, come in its place.
 */
export function incident<O extends Origin>(
  origin: O,
  data?: Partial<IncidentMap[O]>,
  overrides?: IncidentOverrides,
): Incident<O>;
export function incident(origin: string, data?: UntypedData, overrides?: IncidentOverrides): Incident;
export function incident(
  origin: string,
  data: object = {},
  { id = formatIncidentId(STREAM, 1), timestamp = FIXED_TIME, sensor = SENSOR }: IncidentOverrides = {},
): Incident {
  return createIncident({ id, origin, timestamp, sensor, data: { ...exampleOf(origin), ...data } });
}

/** So many incidents of one origin: ids `test:1`, `test:2`, …, a second apart. */
export function incidents<O extends Origin>(
  count: number,
  origin: O,
  data?: Partial<IncidentMap[O]>,
): readonly Incident<O>[];
export function incidents(count: number, origin: string, data?: UntypedData): readonly Incident[];
export function incidents(count: number, origin: string, data?: UntypedData): readonly Incident[] {
  return Array.from({ length: count }, (_, index) =>
    incident(origin, data, {
      id: formatIncidentId(STREAM, index + 1),
      timestamp: FIXED_TIME + index * 1000,
    }),
  );
}

/**
 * An incident that nobody can handle: whoever reads its data gets an error with this message. It stands for whatever a
 * handler cannot digest; the dispatcher, which reads no data, passes it on.
 */
export function poison(
  origin = 'dionaea.connection.tcp.accept',
  { id, timestamp, sensor }: IncidentOverrides = {},
  message = 'this incident is poison',
): Incident {
  return Object.freeze({
    id: id ?? formatIncidentId(STREAM, 1),
    origin,
    timestamp: timestamp ?? FIXED_TIME,
    sensor: sensor ?? SENSOR,
    get data(): UntypedData {
      throw new Error(message);
    },
  });
}
