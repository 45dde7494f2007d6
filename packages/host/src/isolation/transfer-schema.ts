import type { Schema } from '@ihandler/core';
import { z } from 'zod';

/** The JSON Schema of a schema; null when it cannot express it. */
export function encodeSchema(schema: Schema): object | null {
  if (schema?.['~standard']?.vendor !== 'zod') return null;
  try {
    // Safe: the vendor says that it is a schema of zod; another version of zod throws.
    return z.toJSONSchema(schema as unknown as z.ZodType, { io: 'input', unrepresentable: 'throw' });
  } catch {
    return null;
  }
}

/** What the schema of a handler in a thread has said about a report that is being made. */
export interface Verdict {
  readonly issues: readonly string[];
}

/**
 * A schema of a handler in a thread. `verdict` returns what the thread has found about the report that is being made. Data
 * from elsewhere is checked against the JSON Schema; without one it does not fit, so that it reaches only the glob `*`.
 */
export function decodeSchema(
  origin: string,
  encoded: object | null,
  verdict: () => Verdict | undefined,
): Schema {
  // Safe: `encodeSchema` has made it.
  const schema =
    encoded === null ? undefined : z.fromJSONSchema(encoded as Parameters<typeof z.fromJSONSchema>[0]);
  const unknown = { message: `the schema of ${origin} is in an isolated handler and cannot be read here` };
  return {
    '~standard': {
      version: 1,
      vendor: 'ihandler',
      validate(value) {
        const found = verdict();
        if (found !== undefined)
          return found.issues.length === 0
            ? { value }
            : { issues: found.issues.map((message) => ({ message })) };
        if (schema === undefined) return { issues: [unknown] };
        const { error } = schema.safeParse(value);
        return error === undefined ? { value } : { issues: error.issues };
      },
    },
  };
}
