import type { Handler, Schema } from '@ihandler/core';
import { originFor } from './globs.ts';

/** What is wrong with a schema that a handler declares for an origin; undefined when nothing is. */
export function schemaProblem(origin: string, schema: Schema | undefined): string | undefined {
  if (origin.includes('*') || originFor(origin) === undefined)
    return 'expected an origin of letters, digits, "_", "-" and dots';
  const standard = schema?.['~standard'];
  if (standard?.version !== 1 || typeof standard.validate !== 'function')
    return 'expected a schema after https://standardschema.dev (zod, valibot, arktype, …)';
  try {
    return standard.validate({}) instanceof Promise
      ? 'expected a schema that answers at once, found one that answers with a promise'
      : undefined;
  } catch (error) {
    return `expected a schema that answers with issues, found one that throws ${String(error)}`;
  }
}

/** Those of the reports that a handler declares which a dispatcher can work with. */
export function soundReports({ reports = {} }: Handler): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    Object.entries(reports).filter(([origin, schema]) => schemaProblem(origin, schema) === undefined),
  );
}
