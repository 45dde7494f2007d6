import type { CatalogueSchema, JsonSchema } from '../../packages/core/src/catalogue/json-schema.ts';

/** A check that is one expression. */
interface Test {
  /** Code that is true when `value` fits. */
  readonly code: (value: string) => string;
  readonly expected: string;
}

const typeTests: Readonly<Record<string, Test>> = {
  string: { code: (v) => `typeof ${v} === 'string'`, expected: 'a string' },
  number: { code: (v) => `Number.isFinite(${v})`, expected: 'a number' },
  integer: { code: (v) => `Number.isSafeInteger(${v})`, expected: 'an integer' },
  boolean: { code: (v) => `typeof ${v} === 'boolean'`, expected: 'a boolean' },
  null: { code: (v) => `${v} === null`, expected: 'null' },
  object: { code: (v) => `isObject(${v})`, expected: 'an object' },
  array: { code: (v) => `Array.isArray(${v})`, expected: 'a list' },
};
const bytesTest: Test = { code: (v) => `${v} instanceof Uint8Array`, expected: 'bytes' };

const known = new Set([
  '$ref',
  'description',
  'type',
  'pattern',
  'minimum',
  'maximum',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
]);

function isOpen(schema: JsonSchema | undefined): boolean {
  return schema === undefined || Object.keys(schema).length === 0;
}

function anyTest(tests: readonly Test[]): Test {
  const wordings = [...new Set(tests.flatMap(({ expected }) => expected.split(' or ')))];
  return {
    code: (value) => `(${tests.map(({ code }) => code(value)).join(' || ')})`,
    expected: wordings.join(' or '),
  };
}

/** Writes a TypeScript module of functions that check data against the schema, one a shape. */
export function checkCode({ $defs }: CatalogueSchema): string {
  const patterns: string[] = [];
  const functions = new Map<string, string>();

  function assertKnown(schema: JsonSchema): void {
    const foreign = Object.keys(schema).filter((keyword) => !known.has(keyword));
    if (foreign.length > 0) throw new Error(`No code for the keywords ${foreign.join(', ')}.`);
    const bounded = schema.minimum !== undefined || schema.maximum !== undefined;
    const safe = schema.minimum === Number.MIN_SAFE_INTEGER && schema.maximum === Number.MAX_SAFE_INTEGER;
    if (bounded && !(schema.type === 'integer' && safe)) throw new Error('No code for bounds of numbers.');
    if (schema.type === 'integer' && !safe) throw new Error('No code for integers without bounds.');
  }

  function definition(ref: string): readonly [name: string, schema: JsonSchema] {
    const name = ref.replace('#/$defs/', '');
    const schema = $defs[name];
    if (schema === undefined) throw new Error(`There is no ${ref}.`);
    return [name, schema];
  }

  function patternTest(pattern: string): Test {
    if (!patterns.includes(pattern)) patterns.push(pattern);
    const name = `pattern${patterns.indexOf(pattern)}`;
    return { code: (v) => `(typeof ${v} === 'string' && ${name}.test(${v}))`, expected: 'decimal digits' };
  }

  /** The schema as one expression, or undefined when it needs a function. */
  function testOf(schema: JsonSchema): Test | undefined {
    if (schema.$ref !== undefined) {
      const [name, target] = definition(schema.$ref);
      return name === 'Bytes' ? bytesTest : testOf(target);
    }
    assertKnown(schema);
    const { anyOf, type, pattern } = schema;
    if (anyOf !== undefined) {
      const tests = anyOf.map(testOf).filter((test) => test !== undefined);
      return tests.length === anyOf.length ? anyTest(tests) : undefined;
    }
    if (type === undefined) return { code: () => 'true', expected: 'anything' };
    if (pattern !== undefined) return patternTest(pattern);
    if (type === 'array' && !isOpen(schema.items)) return undefined;
    const members = Object.keys(schema.properties ?? {}).length + (schema.required?.length ?? 0);
    if (type === 'object' && (members > 0 || !isOpen(schema.additionalProperties))) return undefined;
    const tests = [type].flat().map((one) => {
      const test = typeTests[one];
      if (test === undefined) throw new Error(`No code for the type ${one}.`);
      return test;
    });
    return tests.length === 1 ? tests[0] : anyTest(tests);
  }

  /** Lines that return the problem of `value`, an expression that is cheap to repeat. */
  function statements(schema: JsonSchema, value: string, key: string, name: string): readonly string[] {
    const test = testOf(schema);
    if (test !== undefined)
      return test.expected === 'anything'
        ? []
        : [`if (!${parenthesised(test.code(value))}) return wrong(${value}, '${test.expected}', ${key});`];
    return [
      `problem = ${functionOf(schema, name)}(${value});`,
      `if (problem) return under(${key}, problem);`,
    ];
  }

  function objectBody(schema: JsonSchema, name: string): readonly string[] {
    const { properties = {}, required = [], additionalProperties } = schema;
    const lines = [`if (!isObject(data)) return wrong(data, 'an object');`];
    for (const [key, property] of Object.entries(properties)) {
      const value = `data['${key}']`;
      const body = statements(property, value, `'${key}'`, `${name}_${identifier(key)}`);
      const isRequired = required.includes(key);
      if (isRequired && body.length === 0)
        lines.push(`if (${value} === undefined) return wrong(${value}, 'a value', '${key}');`);
      else if (isRequired) lines.push(...body);
      else if (body.length > 0) lines.push(`if (${value} !== undefined) {`, ...body.map(indented), '}');
    }
    if (additionalProperties === undefined || isOpen(additionalProperties)) return lines;
    const others = Object.keys(properties).map((key) => `key !== '${key}'`);
    const body = statements(additionalProperties, 'data[key]', 'key', `${name}_other`);
    const loop = others.length === 0 ? body : [`if (${others.join(' && ')}) {`, ...body.map(indented), '}'];
    return [...lines, 'for (const key in data) {', ...loop.map(indented), '}'];
  }

  function arrayBody(schema: JsonSchema, name: string): readonly string[] {
    const body = statements(schema.items ?? {}, 'item', 'index', `${name}_item`).map((line) =>
      line.replace(/(wrong\(item, '[^']*'), index\)/, 'under(index, $1))'),
    );
    return [
      `if (!Array.isArray(data)) return wrong(data, 'a list');`,
      'for (let index = 0; index < data.length; index += 1) {',
      '  const item: unknown = data[index];',
      ...body.map(indented),
      '}',
    ];
  }

  function choiceBody(choices: readonly JsonSchema[], name: string): readonly string[] {
    const calls = choices.map((choice, index) => {
      const test = testOf(choice);
      if (test !== undefined) return `${test.code('data')} ? undefined : wrong(data, '${test.expected}')`;
      return `${functionOf(choice, `${name}_${index}`)}(data)`;
    });
    return [
      ...calls.flatMap((call, index) => [
        `const problem${index} = ${call};`,
        `if (problem${index} === undefined) return undefined;`,
      ]),
      `return likelier(${calls.map((_, index) => `problem${index}`).join(', ')});`,
    ];
  }

  function functionOf(schema: JsonSchema, wanted: string): string {
    if (schema.$ref !== undefined) {
      const [name, target] = definition(schema.$ref);
      return functionOf(target, name);
    }
    const { description: _, ...shape } = schema;
    const key = JSON.stringify(shape);
    const existing = names.get(key);
    if (existing !== undefined) return existing;
    names.set(key, wanted);
    const body = bodyOf(schema, wanted);
    const needsProblem = body.some((line) => line.trimStart().startsWith('problem = '));
    const lines = [
      `function ${wanted}(data: unknown): Problem | undefined {`,
      ...(needsProblem ? ['  let problem: Problem | undefined;'] : []),
      ...body.map(indented),
      ...(schema.anyOf === undefined ? ['  return undefined;'] : []),
      '}',
    ];
    functions.set(wanted, lines.join('\n'));
    return wanted;
  }

  function bodyOf(schema: JsonSchema, name: string): readonly string[] {
    if (schema.anyOf !== undefined) return choiceBody(schema.anyOf, name);
    if (schema.type === 'object') return objectBody(schema, name);
    if (schema.type === 'array') return arrayBody(schema, name);
    throw new Error(`No function for ${JSON.stringify(schema).slice(0, 200)}.`);
  }

  const names = new Map<string, string>();
  const table = Object.entries($defs)
    .filter(([name]) => name.includes('.'))
    .map(([origin, schema]) => `  ['${origin}', ${functionOf(schema, identifier(origin))}],`);
  return [
    '// Made from incidents.schema.json by scripts/generate-catalogue.mjs; edits are lost.',
    `import { type Check, isObject, likelier, type Problem, under, wrong } from './problem.ts';`,
    '',
    ...patterns.map((pattern, index) => `const pattern${index} = /${pattern}/;`),
    '',
    ...[...functions.values()].map((code) => `${code}\n`),
    '/** How the data of each known origin is checked. */',
    'export const checks: ReadonlyMap<string, Check> = /* @__PURE__ */ new Map<string, Check>([',
    ...table,
    ']);',
    '',
  ].join('\n');
}

function indented(line: string): string {
  return `  ${line}`;
}

function identifier(name: string): string {
  return name.replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '');
}

function parenthesised(code: string): string {
  return /^\(.*\)$|^[\w.]+\([^()]*\)$/.test(code) ? code : `(${code})`;
}
