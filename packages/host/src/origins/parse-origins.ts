import { describeError, LEVELS, type OriginsFile } from '@ihandler/core';
import { issueText } from '@ihandler/core/kit';
import { z } from 'zod';

const fileSchema = z.object({
  $defs: z.record(z.string(), z.looseObject({})).optional(),
  origins: z.record(
    z
      .string()
      .regex(
        /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
        'expected an origin of letters, digits, "_", "-" and dots',
      ),
    z.object({
      schema: z.looseObject({}),
      level: z.enum(LEVELS),
      description: z.string(),
      // Roles and sources of a later version are left out when they are compiled.
      roles: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    }),
  ),
});

/** Parses an `origins.json`. Returns why it cannot be used as a text. */
export function parseOrigins(text: string): OriginsFile | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is not JSON: ${describeError(error)}`;
  }
  const { data, error } = fileSchema.safeParse(value);
  if (data === undefined)
    return error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issueText(issue)}`).join('; ');
  // Safe: what the schema does not check, the checks and roles that are compiled from it ignore.
  return data as OriginsFile;
}
