import type { Handler, Schema } from '@ihandler/core';
import { originFor } from './globs.ts';

/** The problem with a schema that a handler declares for an origin; undefined when there is none. */
export function schemaProblem(origin: string, schema: Schema | undefined): string | undefined {
  if (origin.includes('*') || originFor(origin) === undefined)
    return 'expected an origin of letters, digits, "_", "-" and dots';
  const standard = schema?.['~standard'];
  if (standard?.version !== 1 || typeof standard.validate !== 'function')
    return 'expected a Standard Schema (https://standardschema.dev), such as one of zod, valibot or arktype';
  try {
    return standard.validate({}) instanceof Promise
      ? 'expected a synchronous schema, found one that returns a promise'
      : undefined;
  } catch (error) {
    return `expected a schema that returns issues, found one that throws ${String(error)}`;
  }
}

/** The declared reports of a handler that a dispatcher accepts. */
export function soundReports({ reports = {} }: Handler): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    Object.entries(reports).filter(([origin, schema]) => schemaProblem(origin, schema) === undefined),
  );
}
