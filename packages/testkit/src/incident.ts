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

/** The stream and the sensor of fixtures. */
const STREAM = 'test';
const SENSOR = 'test-sensor';

/** Overrides of an {@link incident}, other than its data. */
export type IncidentOverrides = Partial<Pick<IncidentParts, 'id' | 'timestamp' | 'sensor'>>;

/** Example data of an origin; empty for other origins than dionaea's. */
export function exampleOf(origin: string): UntypedData {
  // Safe: data that fits a schema is made of values.
  const known = examples as Readonly<Record<string, UntypedData>>;
  return Object.hasOwn(known, origin) ? (known[origin] ?? {}) : {};
}

/**
 * A valid incident of an origin, the same on each call: id `test:1`, observed on 2026-01-01 by `test-sensor`. For an origin of
 * dionaea it has example data that fits. The keys of `data` replace those of the example. Takes ownership of `data`.
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
  return createIncident({
    id,
    origin,
    timestamp,
    sensor,
    data: { ...exampleOf(origin), ...data } as UntypedData,
  });
}

/** `count` incidents of one origin: ids `test:1`, `test:2`, …, one second apart. */
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
 * An incident that no handler can process: reading its data throws an error with this message. It stands for any input on which
 * a handler fails. The dispatcher does not read the data, so it delivers the incident.
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
