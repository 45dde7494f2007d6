import assert from 'node:assert/strict';
import {
  createIncident,
  describeError,
  escapeControls,
  type Incident,
  type UntypedData,
} from '@ihandler/core';
import { FIXED_TIME } from '../clock.ts';
import { exampleOf } from '../incident.ts';
import type { Variation } from './hostile.ts';
import type { Life } from './life.ts';
import type { Subject } from './subject.ts';

/** An incident and what is special about its data. */
export interface Case {
  readonly what: string;
  readonly incident: Incident;
}

/** Makes variations of the example data of an origin. */
export type Vary = (origin: string, data: UntypedData) => readonly Variation[];

/** Every variation of an incident of each origin, with rising ids. */
export function casesOf(origins: readonly string[], vary: Vary): readonly Case[] {
  let ordinal = 0;
  return origins.flatMap((origin) =>
    vary(origin, exampleOf(origin)).map(({ what, data }) => {
      ordinal += 1;
      const parts = { id: `conformance:${ordinal}`, timestamp: FIXED_TIME, sensor: 'conformance-sensor' };
      return { what, incident: createIncident({ ...parts, origin, data }) };
    }),
  );
}

/** Throws unless each incident was handled or rejected with `permanent()`. */
export function assertAccepted(life: Life, cases: readonly Case[]): void {
  const failures = cases.flatMap(({ what, incident }) => {
    const fate = life.fateOf(incident);
    if (fate.kind !== 'failed') return [];
    return [`${incident.origin} with ${what}: ${escapeControls(describeError(fate.error)).slice(0, 300)}`];
  });
  const shown = failures.slice(0, 3).join('; ');
  const more = failures.length > 3 ? `; and ${failures.length - 3} more` : '';
  const advice = 'Handle such data, or throw an error made by permanent().';
  assert.ok(
    failures.length === 0,
    `Expected every incident to be accepted, found ${shown}${more}. ${advice}`,
  );
}

/** Delivers the cases to a new handler and throws unless it accepts them. */
export async function deliverCases({ inWorld }: Subject, cases: readonly Case[]): Promise<void> {
  await inWorld(async (world) => {
    const life = await world.live();
    await life.deliver(cases.map(({ incident }) => incident));
    assertAccepted(life, cases);
    await life.close();
  });
}
