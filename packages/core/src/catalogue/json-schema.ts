import { z } from 'zod';
import { sipAddress, sipSdp, sipVia } from './families/services/sip.ts';
import { virustotalReport } from './families/virustotal.ts';
import type { CatalogueEntry } from './family.ts';
import { bytes, connection, loose, maybeNumeral, numeral, text } from './values.ts';

/** The part of JSON Schema 2020-12 that the catalogue uses. */
export interface JsonSchema {
  $ref?: string;
  description?: string;
  type?: string | string[];
  contentEncoding?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** The published schema: a definition for each origin, and for each value that several of them share. */
export interface CatalogueSchema {
  readonly $schema: string;
  readonly $id: string;
  readonly title: string;
  readonly description: string;
  readonly $defs: Readonly<Record<string, JsonSchema>>;
}

/** The names, schemas and descriptions of shared values. */
export const sharedValues: readonly (readonly [name: string, schema: z.ZodType, description: string])[] = [
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
  ['SipAddress', sipAddress, 'A SIP address. `params` and `headers` are missing in data from a database.'],
  ['SipVia', sipVia, 'A hop of a SIP message; `_params` is a list of pairs.'],
  ['SipSdp', sipSdp, 'A session description (RFC 4566).'],
  ['VirusTotalReport', virustotalReport, "A report in the form of VirusTotal's API 2."],
];

function isBytes(schema: z.core.$ZodType): boolean {
  return schema === bytes;
}

/** Generates the published schema from declarations of origins. */
export function jsonSchemaOf(catalogue: Readonly<Record<string, CatalogueEntry>>): CatalogueSchema {
  const metadata = z.registry<{ id: string; description: string }>();
  for (const [id, schema, description] of sharedValues) metadata.add(schema, { id, description });
  const shared: Record<string, JsonSchema> = {};
  const origins: Record<string, JsonSchema> = {};
  for (const [origin, { schema, description }] of Object.entries(catalogue)) {
    // Safe: zod generates JSON Schema; the generator and the tests reject keywords outside this part of it.
    const made = z.toJSONSchema(schema, {
      metadata,
      io: 'input',
      unrepresentable: 'any',
      override({ zodSchema, jsonSchema }) {
        if (!isBytes(zodSchema)) return;
        jsonSchema.type = 'object';
        jsonSchema.properties = { $bytes: { type: 'string', contentEncoding: 'base64' } };
        jsonSchema.required = ['$bytes'];
      },
    }) as JsonSchema & { $schema?: string; $defs?: Record<string, JsonSchema> };
    const { $schema: _, $defs = {}, ...own } = made;
    Object.assign(shared, $defs);
    origins[origin] = { description, ...own };
  }
  // Safe: zod repeats the id of the registry in each definition, which JSON Schema does not define.
  for (const definition of Object.values(shared)) delete (definition as { id?: string }).id;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:ihandler:incidents:1',
    title: 'Incidents',
    description: 'The data of each origin, under `$defs`. Keys that are not named are allowed.',
    $defs: { ...shared, ...origins },
  };
}
