import { z } from 'zod';
import { IhandlerError } from '../../contract/error.ts';
import type { JsonSchema } from '../../contract/meaning/json-schema.ts';
import type { OriginDeclaration, OriginsFile } from '../../contract/meaning/origins.ts';
import type { OriginDefinition, OriginDefinitions } from './define-origins.ts';
import { bytes, connection, loose, maybeNumeral, numeral, text } from './values.ts';

/** A schema that several origins share, under a name in `$defs`. */
export type SharedValue = readonly [name: string, schema: z.ZodType, description: string];

const commonValues: readonly SharedValue[] = [
  [
    'Connection',
    connection,
    'A connection; attacks are trees of connections. Hosts are as the sensor wrote them; an unknown host is `""` with port 0.',
  ],
  [
    'Bytes',
    bytes,
    'Bytes, where an attacker sent data that is not UTF-8: a Uint8Array, in JSON `{"$bytes": "<base64>"}`.',
  ],
  ['Text', text, 'Data that an attacker sent: text, or bytes where it is not UTF-8.'],
  ['Numeral', numeral, 'A whole number, or its decimal digits.'],
  ['MaybeNumeral', maybeNumeral, 'A whole number, its decimal digits, or null.'],
  ['Loose', loose, 'Text that is often a number; databases store a number.'],
];

/** The keywords that are checked when incidents arrive, and those that say nothing about a value. */
const checked: ReadonlySet<string> = new Set(
  `$ref type enum const pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems
   properties required additionalProperties items anyOf description title default examples format contentEncoding
   deprecated readOnly writeOnly propertyNames`.split(/\s+/),
);

type Tree = { [key: string]: unknown };

/** Throws for a keyword that would not be checked. */
function assertChecked(schema: unknown, origin: string): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [keyword, value] of Object.entries(schema)) {
    if (!checked.has(keyword))
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `The schema of ${origin} uses "${keyword}", which is not checked: expected a simpler schema. Found ${JSON.stringify(schema).slice(0, 200)}.`,
      );
    if (keyword === 'properties')
      for (const item of Object.values(value as Tree)) assertChecked(item, origin);
    else if (keyword === 'anyOf') for (const item of value as unknown[]) assertChecked(item, origin);
    else if (keyword === 'items' || keyword === 'additionalProperties') assertChecked(value, origin);
  }
}

function jsonSchemaOf(
  origin: string,
  { schema }: OriginDefinition,
  metadata: z.core.$ZodRegistry<{ id: string; description: string }>,
): JsonSchema & { $schema?: string; $defs?: Record<string, JsonSchema & { id?: string }> } {
  if (schema['~standard'].vendor !== 'zod' || !('_zod' in schema))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected a schema of zod 4 for ${origin}, found one of ${schema['~standard'].vendor}: write its "schema" in origins.json by hand, as JSON Schema.`,
    );
  // Safe: a schema of zod 4, possibly of another copy; zod generates JSON Schema.
  return z.toJSONSchema(schema as unknown as z.ZodType, {
    metadata,
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if ((zodSchema as unknown) !== bytes) return;
      jsonSchema.type = 'object';
      jsonSchema.properties = { $bytes: { type: 'string', contentEncoding: 'base64' } };
      jsonSchema.required = ['$bytes'];
    },
  }) as ReturnType<typeof jsonSchemaOf>;
}

/**
 * The content of `origins.json` for declarations in code. `shared` values get a name of their own in `$defs`. Throws
 * `OPTIONS_INVALID` for a schema that is not of zod 4, or that requires more than is checked.
 */
export function describeOrigins(
  definitions: OriginDefinitions,
  shared: readonly SharedValue[] = [],
): OriginsFile {
  const metadata = z.registry<{ id: string; description: string }>();
  for (const [id, schema, description] of [...commonValues, ...shared])
    metadata.add(schema, { id, description });
  const $defs: Record<string, JsonSchema> = {};
  const origins: Record<string, OriginDeclaration> = {};
  for (const [origin, definition] of Object.entries(definitions)) {
    const { $schema: _, $defs: own = {}, ...schema } = jsonSchemaOf(origin, definition, metadata);
    for (const [name, { id: _id, ...value }] of Object.entries(own)) {
      assertChecked(value, `${origin} (${name})`);
      $defs[name] = value;
    }
    assertChecked(schema, origin);
    const { level, description, roles } = definition;
    origins[origin] = { level, description, schema, ...(roles && { roles }) };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(Object.keys($defs).length > 0 && { $defs }),
    origins,
  };
}
