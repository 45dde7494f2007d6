import { readFileSync } from 'node:fs';
import { describeOrigins, type JsonSchema } from '@ihandler/core/origins';
import { REFERENCE_ORIGINS } from '@ihandler/test-support/recordings';
import { expect, test } from 'vitest';
import { origins as ours, shared } from './index.ts';

type Reference = Record<string, Record<string, { type: string; optional?: boolean; nullable?: boolean }>>;
const { origins } = JSON.parse(readFileSync(REFERENCE_ORIGINS, 'utf8')) as { origins: Reference };

interface Exception {
  readonly origins: RegExp;
  readonly properties: string;
  /** Our types, in place of those that dionaea sends. */
  readonly ours: string;
  readonly why: string;
}

/** Where ours accept more than dionaea 0.11 sends. There are no other differences. */
const exceptions: readonly Exception[] = [
  {
    origins: /download\.complete\.(hash|again|unique)$/,
    properties: 'sha256hash',
    ours: 'string?',
    why: 'the living fork adds it',
  },
  {
    origins: /shellcode\.detected$/,
    properties: 'data offset arch connection',
    ours: 'text? int? string? connection?',
    why: 'the living fork sends the code, dionaea an empty incident',
  },
  { origins: /shell\.listen$/, properties: 'host', ours: 'string?', why: 'the living fork may add it' },
  {
    origins: /service\.shell\./,
    properties: 'port',
    ours: 'numeral',
    why: 'databases and shellcode profiles write ports in digits',
  },
  { origins: /dcerpc\.request$/, properties: 'stub_data', ours: 'text?', why: 'the living fork adds it' },
  {
    origins: /python\.p0f$/,
    properties: 'genre detail dist link tos fw nat uptime',
    ours: 'loose loose loose loose loose loose loose loose',
    why: 'dionaea sends every value as a string, its database holds numbers',
  },
  {
    origins: /python\.p0f$/,
    properties: 'magic id type real score mflags',
    ours: 'loose? loose? loose? loose? loose? loose?',
    why: 'no database keeps them, and recordings of old sensors omit them',
  },
  {
    origins: /mqtt\.subscribe$/,
    properties: 'subscribemessageid',
    ours: 'numeral',
    why: 'the column of the database is text',
  },
  {
    origins: /virustotal\.report$/,
    properties: 'path report',
    ours: 'string? report?',
    why: 'one of the two is present: a path on the sensor is useless elsewhere, so ours contains the report',
  },
  {
    origins: /upload\.request$/,
    properties: '*',
    ours: 'text|number|boolean|null?',
    why: 'form fields may be set to what the sensor then does not send',
  },
];

const refNames: Readonly<Record<string, string>> = {
  SipAddress: 'sip.address',
  SipVia: 'sip.via',
  SipSdp: 'sip.sdp',
  VirusTotalReport: 'report',
};

function typeOf(schema: JsonSchema): string {
  const ref = schema.$ref?.replace('#/$defs/', '');
  if (ref !== undefined) return refNames[ref] ?? ref.toLowerCase();
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join('|');
  if (schema.type === 'array') return `list<${typeOf(schema.items ?? {})}>`;
  return [schema.type].flat().join('|').replace('integer', 'int');
}

function ourProperties(schema: JsonSchema): Map<string, string> {
  const shapes = schema.anyOf ?? [schema];
  const found = new Map<string, string>();
  for (const { properties = {} } of shapes)
    for (const [key, property] of Object.entries(properties)) {
      const isRequired = shapes.every(({ required }) => required?.includes(key));
      found.set(key, typeOf(property) + (isRequired ? '' : '?'));
    }
  const { additionalProperties: others } = schema;
  if (typeof others === 'object') found.set('*', `${typeOf(others)}?`);
  return found;
}

function expectedProperties(origin: string): Map<string, string> {
  const expected = new Map<string, string>();
  for (const [key, { type, optional, nullable }] of Object.entries(origins[origin] ?? {})) {
    const ours =
      type.replace(/^(string\|)?bytes$/, 'text') + (nullable ? '|null' : '') + (optional ? '?' : '');
    expected.set(key === 'con' ? 'connection' : key, ours);
  }
  for (const { origins: where, properties, ours } of exceptions)
    if (where.test(origin)) {
      const types = ours.split(' ');
      for (const [index, key] of properties.split(' ').entries()) {
        expect(types[index], `an exception for ${origin} ${key} that is one`).not.toBe(expected.get(key));
        expected.set(key, types[index] ?? '');
      }
    }
  return expected;
}

test('the package declares every origin that dionaea can report', () => {
  expect(Object.keys(origins)).toHaveLength(52);
  expect(Object.keys(ours)).toEqual(expect.arrayContaining(Object.keys(origins)));
});

test.each(Object.keys(origins))('%s has the properties that dionaea sends', (origin) => {
  const declared = describeOrigins(ours, shared).origins[origin];
  expect(Object.fromEntries(ourProperties(declared?.schema ?? {}))).toEqual(
    Object.fromEntries(expectedProperties(origin)),
  );
});

test('each exception applies to an existing origin', () => {
  for (const { origins: where } of exceptions)
    expect(Object.keys(origins).filter((origin) => where.test(origin))).not.toEqual([]);
});
