import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident, UntypedData, Value } from '../contract/incident.ts';
import { decodeIncident, decodeValue, encodeIncident, encodeValue } from './incident-codec.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Single UTF-16 units, so that halves of surrogate pairs come without the other half.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('\u2028', '\u2029', '\0', '$bytes', '{"$bytes":"AA=="}', '\u001b[2J'),
);
const key = fc.oneof(
  text,
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '$', '$$', '$bytes', '$number', '$$bytes'),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom<Value>(
      null,
      true,
      false,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
    fc.double(),
    fc.maxSafeInteger(),
    text,
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.tuple(key, tie('value')).map(([only, item]) => Object.fromEntries([[only, item]])),
  ),
}));
const incident: fc.Arbitrary<Incident> = fc
  .record({
    id: text.map((stream) => `s${stream}:1`),
    origin: fc.constantFrom('dionaea.connection.free', 'acme.thing'),
    timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
    sensor: text,
    data: fc.dictionary(key, value, { noNullPrototype: true }),
    misfit: fc.option(text, { nil: undefined }),
  })
  // Data made at random is untyped, whatever the origin says.
  .map(({ misfit, ...rest }) => (misfit === undefined ? rest : { ...rest, misfit }) as Incident);

function expectFrozen(found: unknown): void {
  if (typeof found !== 'object' || found === null || ArrayBuffer.isView(found)) return;
  expect(Object.isFrozen(found)).toBe(true);
  for (const item of Object.values(found)) expectFrozen(item);
}

/** Numbers as JSON may spell them, beside those of `JSON.stringify`. */
const numeral = fc.oneof(
  fc.constantFrom('-0', '-0.0', '0e5', '1e400', '-1e400', '1E3', '1.50', '5e-324', '9007199254740993'),
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
);
const quoted = fc.oneof(
  text.map((one) => JSON.stringify(one)),
  fc.constantFrom('"@@@@"', '"AB=="', '"AA"', '"AA=="', '"A-_A"', '"-0"', '"NaN"', '"\\u0024bytes"'),
);
/** Any JSON text, among it all that looks like an escape of the codec. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom('null', 'true', ' false '),
    numeral,
    quoted,
    fc.array(tie('json')).map((items) => `[${items.join(' , ')}]`),
    fc
      .array(fc.tuple(key, tie('json')), { maxLength: 3 })
      .map((pairs) => `{${pairs.map(([name, item]) => `${JSON.stringify(name)}:${item}`).join(',')}}`),
  ),
}));

/** Whether the codec's escapes, and the numbers that JSON cannot hold, are absent: then decoding is `JSON.parse`. */
function isOrdinary(given: unknown): boolean {
  if (typeof given === 'number') return Number.isFinite(given) && !Object.is(given, -0);
  if (typeof given !== 'object' || given === null) return true;
  const keys = Object.keys(given);
  if (keys.length === 1 && keys[0]?.startsWith('$')) return false;
  return Object.values(given).every(isOrdinary);
}

function withData(data: UntypedData): Incident {
  return { id: 's:1', origin: 'acme.thing', timestamp: 1.5, sensor: 'a', data };
}

describe('an incident as JSON', () => {
  it('is decoded into an equal value, whatever it holds', () => {
    fc.assert(
      fc.property(incident, (given) => {
        // `toStrictEqual` takes a key named `constructor` for the object's class.
        expect(isDeepStrictEqual(decodeIncident(encodeIncident(given)), given)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('of any JSON text loses nothing, and an encoded text stays as it is', () => {
    fc.assert(
      fc.property(json, (given) => {
        const value = decodeValue(given);
        const encoded = encodeValue(value);
        expect(isDeepStrictEqual(decodeValue(encoded), value)).toBe(true);
        expect(encodeValue(decodeValue(encoded))).toBe(encoded);
        const parsed: unknown = JSON.parse(given);
        if (isOrdinary(parsed)) {
          expect(isDeepStrictEqual(value, parsed)).toBe(true);
          expect(encoded).toBe(JSON.stringify(parsed));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is decoded into a deeply frozen value', () => {
    fc.assert(fc.property(incident, (given) => expectFrozen(decodeIncident(encodeIncident(given)))));
  });

  it('is one line of well-formed text', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const line = encodeIncident(given);
        expect(line).not.toMatch(/[\n\r]/);
        expect(Buffer.from(line, 'utf8').toString('utf8')).toBe(line);
      }),
    );
  });

  it('equals the output of JSON.stringify unless something needs an escape', () => {
    const plain = withData({ text: '$bytes', two: { $bytes: 1, $number: 2 }, list: [1, null, false] });
    expect(encodeIncident(plain)).toBe(JSON.stringify(plain));
  });

  it('holds bytes as base64, also those of a part of a buffer', () => {
    const part = new Uint8Array([1, 2, 255, 4]).subarray(1, 3);
    expect(encodeIncident(withData({ part }))).toContain('{"part":{"$bytes":"Av8="}}');
    expect(decodeIncident(encodeIncident(withData({ part: Buffer.from(part) }))).data).toStrictEqual({
      part: new Uint8Array([2, 255]),
    });
  });

  it('keeps keys that are names of members of every object', () => {
    const data = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": [-1], "inner": {"__proto__": 1}}',
    );
    const back = decodeIncident(encodeIncident(withData(data))).data;
    expect(Object.getOwnPropertyNames(back)).toEqual(['__proto__', 'constructor', 'inner']);
    expect('polluted' in back).toBe(false);
  });

  it('keeps an unknown escape as plain data', () => {
    const odd = { a: { $number: 'seven' }, b: { $bytes: 7 }, c: { $other: 'x' } };
    const line = JSON.stringify(withData(odd));
    expect(decodeIncident(line).data).toEqual(odd);
  });

  it.each(['@@@@', 'AA', 'AB==', 'A-_A', 'AAAA AAAA'])(
    'keeps bytes in invalid base64 as plain data: %s',
    (text) => {
      const odd = { a: { $bytes: text } };
      const decoded = decodeIncident(JSON.stringify(withData(odd)));
      expect(decoded.data).toEqual(odd);
      expect(decodeIncident(encodeIncident(decoded)).data).toEqual(odd);
    },
  );

  it('keeps -0, and a number beyond the range of JSON as infinity', () => {
    const line = JSON.stringify(withData({})).replace('"data":{}', '"data":{"a":-0,"b":1e400,"c":-1e400}');
    const decoded = decodeIncident(line);
    expect(decoded.data).toEqual({ a: -0, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY });
    expect(decodeIncident(encodeIncident(decoded)).data).toEqual(decoded.data);
  });

  it.each([
    ['{'],
    ['null'],
    ['[]'],
    ['{"id":"s:1"}'],
    ['{"id":"s:1","origin":"a","timestamp":1,"sensor":"s","data":[]}'],
  ])('is not decoded from %s', (line) => {
    expect(() => decodeIncident(line)).toThrow(expect.objectContaining({ code: 'INCIDENT_INVALID' }));
  });
});
