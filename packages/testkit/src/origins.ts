import { createOrigins, ownOrigins } from '@ihandler/core/origins';
import { exampleOrigins } from './examples/origins.generated.ts';

/** The declarations that a dispatcher of the testkit gets. */
export const declaredOrigins = [exampleOrigins];

/** The origins that have examples, and those of core. */
export const knownOrigins = createOrigins([ownOrigins, exampleOrigins]);

/** Their names. */
export const knownNames: readonly string[] = Object.freeze(Object.keys(knownOrigins.all()));
