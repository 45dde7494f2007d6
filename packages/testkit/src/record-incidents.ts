import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  defineHandler,
  type Incident,
  type IncidentMap,
  type IncidentOf,
  type ListeningHandler,
  matchOrigin,
  type Origin,
  type UntypedData,
} from '@ihandler/core';
import { matches } from './matches.ts';

/** Some of the keys of an object, at any depth. */
export type Part<T> = T extends Uint8Array | readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: Part<T[Key]> }
    : T;

/** A handler that records the incidents it gets. */
export interface IncidentRecorder extends ListeningHandler {
  /** Every incident so far, in the order of delivery. Grows while the recorder runs. */
  readonly incidents: readonly Incident[];
  /** The recorded incidents that a glob would receive. Only `*` finds an incident whose data does not fit its origin. */
  find<const P extends string>(glob: P): readonly IncidentOf<P>[];
  /**
   * Returns the first incident of the origin whose data contains `part`; objects in it may have further keys, at any depth.
   * Throws an AssertionError that shows the recorded incidents otherwise.
   */
  assertReported<O extends Origin>(origin: O, part?: Part<IncidentMap[O]>): Incident<O>;
  assertReported(origin: string, part?: Part<UntypedData>): Incident;
}

/** The recorded incidents, in short. */
function shown(found: readonly Incident[], all: readonly Incident[]): string {
  if (found.length > 0)
    return inspect(
      found.slice(0, 10).map(({ data }) => data),
      { depth: 5 },
    );
  const origins = [...new Set(all.map(({ origin }) => origin))];
  return origins.length === 0 ? 'no incidents' : `only ${origins.join(', ')}`;
}

/** Makes a handler that records what its glob receives. Run it next to the handler under test. */
export function recordIncidents(glob = '*'): IncidentRecorder {
  const incidents: Incident[] = [];

  function assertReported(origin: string, part: object = {}): Incident {
    const found = incidents.filter((incident) => incident.origin === origin);
    const match = found.find(({ data }) => matches(data, part));
    assert.ok(
      match,
      `Expected ${origin} with ${inspect(part, { depth: 5 })}, found ${shown(found, incidents)}.`,
    );
    return match;
  }

  return {
    ...defineHandler({
      name: 'record-incidents',
      on: { [glob]: (incident: Incident) => void incidents.push(incident) },
    }),
    incidents,
    find: <P extends string>(wanted: P) =>
      incidents.filter(
        ({ origin, misfit }) => matchOrigin(wanted, origin) && (misfit === undefined || wanted === '*'),
        // Safe: these are the incidents that the glob selects, and their data fits.
      ) as readonly Incident[] as readonly IncidentOf<P>[],
    // Safe: the incident is of the origin that was asked for.
    assertReported: assertReported as IncidentRecorder['assertReported'],
  };
}
