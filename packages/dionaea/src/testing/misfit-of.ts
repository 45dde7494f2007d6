import type { Incident } from '@ihandler/core';
import { createOrigins, describeOrigins } from '@ihandler/core/origins';
import { origins, shared } from '../origins/index.ts';

const registry = createOrigins([describeOrigins(origins, shared)]);

/** Why the data of an incident does not fit the schema of its origin; undefined when it does. The origin must be declared. */
export function misfitOf({ origin, data }: Incident): string | undefined {
  if (!registry.has(origin)) throw new Error(`the package does not declare ${origin}`);
  return registry.misfitOf(origin, data);
}
