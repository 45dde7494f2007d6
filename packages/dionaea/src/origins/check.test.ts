import { createOrigins, describeOrigins, type JsonSchema } from '@ihandler/core/origins';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { origins, shared } from './index.ts';

const declared = describeOrigins(origins, shared);
const { $defs = {} } = declared;
const { misfitOf, levelOf } = createOrigins([declared]);

const word = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('', '7', '-1', '4444'));
const safeKey = word.filter((key) => key !== '__proto__');

/** Values that fit a schema. */
function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.$ref === '#/$defs/Bytes') return fc.uint8Array({ maxLength: 6 });
  if (schema.$ref !== undefined) return fitting($defs[schema.$ref.replace('#/$defs/', '')] ?? {});
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fitting));
  if (schema.pattern !== undefined) return fc.maxSafeInteger().map(String);
  if (schema.type === undefined) return fc.jsonValue();
  return fc.oneof(...[schema.type].flat().map((type) => fittingType(schema, type)));
}

function fittingType(schema: JsonSchema, type: string): fc.Arbitrary<unknown> {
  if (type === 'string') return word;
  if (type === 'integer') return fc.maxSafeInteger();
  if (type === 'number') return fc.double({ noNaN: true, noDefaultInfinity: true });
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'array') return fc.array(fitting(schema.items ?? {}), { maxLength: 3 });
  const { properties = {}, required = [], additionalProperties = {} } = schema;
  const named = fc.record(
    Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, fitting(property)])),
    { requiredKeys: [...required], noNullPrototype: true },
  );
  const others = fc.dictionary(
    safeKey,
    fitting(typeof additionalProperties === 'object' ? additionalProperties : {}),
    { maxKeys: 2, noNullPrototype: true },
  );
  return fc.tuple(others, named).map(([more, data]) => {
    const free = Object.entries(more).filter(([key]) => !Object.hasOwn(properties, key));
    return { ...Object.fromEntries(free), ...data };
  });
}

const strange = fc.constantFrom<unknown>(
  ...[null, true, 0, 1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, '', 'x', '12', '1\n'],
  ...[[], [1], {}, { id: 'x' }, new Uint8Array(2)],
);

/** A copy in which the value at a random place is missing or replaced. */
function mutated(value: unknown, steps: readonly number[], put: unknown, gone: boolean): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null || value instanceof Uint8Array)
    return put;
  if (Array.isArray(value)) {
    if (value.length === 0) return [put];
    const at = step % value.length;
    return value.map((item, index) => (index === at ? mutated(item, rest, put, gone) : item));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return put;
  const at = step % entries.length;
  const isLast = rest.length === 0;
  return Object.fromEntries(
    entries.flatMap(([key, item], index) => {
      if (index !== at) return [[key, item]];
      return isLast && gone ? [] : [[key, mutated(item, rest, put, gone)]];
    }),
  );
}

const mutation = fc.record({
  steps: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 5 }),
  put: strange,
  gone: fc.boolean(),
});

/** An independent validator: Ajv with the published schema, in which bytes have their form in memory. */
const judge = new Ajv2020({ strict: true, allowUnionTypes: true });
judge.addKeyword({
  keyword: 'isBytes',
  schemaType: 'boolean',
  validate: (_: true, data: unknown) => data instanceof Uint8Array,
});
const schemas = Object.entries(declared.origins).map(([origin, { schema }]) => [origin, schema] as const);
judge.addSchema({ $defs: { ...$defs, Bytes: { isBytes: true }, ...Object.fromEntries(schemas) } }, 'memory');

describe.each(Object.entries(origins))('%s', (origin, { schema }) => {
  const ajv = judge.getSchema(`memory#/$defs/${origin}`);
  const data = fitting(declared.origins[origin]?.schema ?? {});

  test('accepts data that fits its schema', () => {
    fc.assert(
      fc.property(data, (valid) => {
        expect(misfitOf(origin, valid as object)).toBeUndefined();
        expect(schema.safeParse(valid).success).toBe(true);
        expect(ajv?.(valid)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('is accepted or rejected alike by the check, zod and Ajv when a part of it changes', () => {
    fc.assert(
      fc.property(data, mutation, (valid, { steps, put, gone }) => {
        const wrong = mutated(valid, steps, put, gone);
        const fits = misfitOf(origin, wrong as object) === undefined;
        expect(schema.safeParse(wrong).success).toBe(fits);
        expect(ajv?.(wrong)).toBe(fits);
      }),
      { numRuns: 100 },
    );
  });
});

const peer = {
  id: 'aa01',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 47650, hostname: '' },
};

test.each([
  ['dionaea.connection.tcp.accept', {}, 'connection: expected an object, found nothing'],
  [
    'dionaea.connection.tcp.accept',
    { connection: { ...peer, remote: { ...peer.remote, port: '47650' } } },
    'connection.remote.port: expected an integer, found "47650"',
  ],
  ['dionaea.download.offer', { url: 7 }, 'url: expected a string or bytes, found 7'],
  [
    'dionaea.modules.python.ftp.command',
    { command: 'USER', arguments: ['a', null], connection: peer },
    'arguments[1]: expected a string, found null',
  ],
  [
    'dionaea.modules.python.virustotal.report',
    { md5hash: 'x', report: { response_code: 1, scans: { Acme: { result: 3 } } } },
    'report.scans.Acme.result: expected a string or null, found 3',
  ],
  [
    'dionaea.upload.request',
    { _url: 'x', '\u001b[31m': {} },
    '\\x1b[31m: expected a string or bytes or a number or a boolean or null, found an object',
  ],
  [
    'dionaea.modules.python.mysql.command',
    { command: '3\n', connection: peer },
    'command: expected an integer, found "3\\n"',
  ],
])('misfitOf reports the first problem: %s %j', (origin, data, misfit) => {
  expect(misfitOf(origin, data)).toBe(misfit);
});

test('misfitOf reports a large value in few characters and escapes control characters', () => {
  const misfit = misfitOf('dionaea.connection.tcp.pending', {
    connection: peer,
    nfaction: '\u001b\u202e'.repeat(100_000),
  });
  expect(misfit).toMatch(/^nfaction: expected an integer, found [ -~]{1,800}$/);
});

test('misfitOf accepts any data of an origin without a schema', () => {
  expect(misfitOf('acme.thing.seen', { anything: 1 })).toBeUndefined();
  expect(misfitOf('__proto__', {})).toBeUndefined();
});

test('levelOf returns the level of a declared origin, and info for others', () => {
  expect(levelOf('dionaea.download.complete.unique')).toBe('warning');
  expect(levelOf('dionaea.connection.free')).toBe('debug');
  expect(levelOf('acme.thing.seen')).toBe('info');
  expect(levelOf('constructor')).toBe('info');
});

test('origins.json is plain JSON Schema and accepts bytes in their JSON form', () => {
  const plain = new Ajv2020({ strict: true, allowUnionTypes: true });
  plain.addSchema({ $id: 'urn:test:origins', $defs: { ...$defs, ...Object.fromEntries(schemas) } });
  const offer = plain.getSchema('urn:test:origins#/$defs/dionaea.download.offer');
  expect(offer?.({ url: { $bytes: '/w==' } })).toBe(true);
  expect(offer?.({ url: {} })).toBe(false);
});
