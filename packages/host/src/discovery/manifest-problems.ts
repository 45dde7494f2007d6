import { issueText } from '@ihandler/core/kit';
import { z } from 'zod';
import type { JsonSchema } from './option-schema.ts';

/** A problem with an option: its path within the options, and what is expected. */
export interface OptionMismatch {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The schema as zod knows it; undefined for one with keywords that zod does not know. */
function compile(schema: JsonSchema): z.ZodType | undefined {
  try {
    // Safe: zod refuses what is not a schema.
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch {
    return undefined;
  }
}

/**
 * How options differ from the schema in the manifest of their package. The factory of a handler or source may check less than
 * its manifest promises, or nothing. A schema that cannot be checked allows everything.
 */
export function manifestProblems(schema: JsonSchema, options: unknown): readonly OptionMismatch[] {
  if (Object.keys(schema).length === 0) return [];
  const issues = compile(schema)?.safeParse(options ?? {}).error?.issues ?? [];
  return issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key === 'string' || typeof key === 'number');
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...path, key], message: 'unknown option' }))
      : [{ path, message: `${issueText(issue)}, says the manifest of the package` }];
  });
}
