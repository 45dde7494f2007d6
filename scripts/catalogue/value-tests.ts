import type { CatalogueSchema, JsonSchema } from '../../packages/core/src/catalogue/json-schema.ts';

type Definitions = CatalogueSchema['$defs'];

/** A check in one expression. */
export interface ValueTest {
  /** Code that is true if the value, which is an expression too, fits. */
  readonly code: (value: string) => string;
  readonly expected: string;
}

const byType: Readonly<Record<string, ValueTest>> = {
  string: { code: (v) => `typeof ${v} === 'string'`, expected: 'a string' },
  number: { code: (v) => `Number.isFinite(${v})`, expected: 'a number' },
  integer: { code: (v) => `Number.isSafeInteger(${v})`, expected: 'an integer' },
  boolean: { code: (v) => `typeof ${v} === 'boolean'`, expected: 'a boolean' },
  null: { code: (v) => `${v} === null`, expected: 'null' },
  object: { code: (v) => `isObject(${v})`, expected: 'an object' },
  array: { code: (v) => `Array.isArray(${v})`, expected: 'a list' },
};
const bytes: ValueTest = { code: (v) => `${v} instanceof Uint8Array`, expected: 'bytes' };

const known = new Set(
  '$ref description type pattern minimum maximum properties required additionalProperties items anyOf'.split(
    ' ',
  ),
);

/** The schema that a reference points to. */
export function definition($defs: Definitions, ref: string): readonly [name: string, schema: JsonSchema] {
  const name = ref.replace('#/$defs/', '');
  const schema = $defs[name];
  if (schema === undefined) throw new Error(`The schema does not define ${ref}.`);
  return [name, schema];
}

/** Whether a schema accepts every value. */
export function isOpen(schema: JsonSchema | undefined): boolean {
  return schema === undefined || Object.keys(schema).length === 0;
}

/** Throws for a schema that requires more than the generated code would check. */
export function assertKnown(schema: JsonSchema): void {
  const foreign = Object.keys(schema).filter((keyword) => !known.has(keyword));
  if (foreign.length > 0) throw new Error(`No code for the keywords ${foreign.join(', ')}.`);
  const isBounded = schema.minimum !== undefined || schema.maximum !== undefined;
  const isSafe = schema.minimum === Number.MIN_SAFE_INTEGER && schema.maximum === Number.MAX_SAFE_INTEGER;
  if (isBounded && schema.type !== 'integer') throw new Error('No code for bounds of numbers.');
  if (schema.type === 'integer' && !isSafe)
    throw new Error('No code for integers with other bounds than those of safe integers.');
}

function anyOf(tests: readonly ValueTest[]): ValueTest {
  return {
    code: (value) => `(${tests.map(({ code }) => code(value)).join(' || ')})`,
    expected: [...new Set(tests.flatMap(({ expected }) => expected.split(' or ')))].join(' or '),
  };
}

function ofType(type: string): ValueTest {
  const test = byType[type];
  if (test === undefined) throw new Error(`No code for the type ${type}.`);
  return test;
}

function hasParts({
  type,
  items,
  properties = {},
  required = [],
  additionalProperties,
}: JsonSchema): boolean {
  if (type === 'array') return !isOpen(items);
  if (type !== 'object') return false;
  return Object.keys(properties).length > 0 || required.length > 0 || !isOpen(additionalProperties);
}

/** Creates the tests of values. `patterns` collects the patterns, which the tests name `pattern0`, `pattern1`, … */
export function valueTests(
  $defs: Definitions,
  patterns: string[],
): (schema: JsonSchema) => ValueTest | undefined {
  function ofPattern(pattern: string): ValueTest {
    if (!patterns.includes(pattern)) patterns.push(pattern);
    const name = `pattern${patterns.indexOf(pattern)}`;
    return { code: (v) => `(typeof ${v} === 'string' && ${name}.test(${v}))`, expected: 'decimal digits' };
  }

  /** The schema as one expression, or undefined when it needs a function. */
  return function testOf(schema: JsonSchema): ValueTest | undefined {
    if (schema.$ref !== undefined) {
      const [name, target] = definition($defs, schema.$ref);
      return name === 'Bytes' ? bytes : testOf(target);
    }
    assertKnown(schema);
    if (schema.anyOf !== undefined) {
      const tests = schema.anyOf.map(testOf).filter((test) => test !== undefined);
      return tests.length === schema.anyOf.length ? anyOf(tests) : undefined;
    }
    if (schema.type === undefined) return { code: () => 'true', expected: 'anything' };
    if (schema.pattern !== undefined) return ofPattern(schema.pattern);
    if (hasParts(schema)) return undefined;
    const tests = [schema.type].flat().map(ofType);
    return tests.length === 1 ? tests[0] : anyOf(tests);
  };
}
