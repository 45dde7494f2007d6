import type { CatalogueSchema, JsonSchema } from '../../packages/core/src/catalogue/json-schema.ts';
import { assertKnown, definition, isOpen, valueTests } from './value-tests.ts';

/** Writes a TypeScript module of functions that check data against the schema, one for each shape. */
export function checkCode({ $defs }: CatalogueSchema): string {
  const patterns: string[] = [];
  const functions = new Map<string, string>();
  /** Functions by the shape that they check, so that each shape gets one. */
  const names = new Map<string, string>();
  const testOf = valueTests($defs, patterns);

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
    const body = statements(schema.items ?? {}, 'item', 'index', `${name}_item`);
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
      const [name, target] = definition($defs, schema.$ref);
      return functionOf(target, name);
    }
    assertKnown(schema);
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

  const table = Object.entries($defs)
    .filter(([name]) => name.includes('.'))
    .map(([origin, schema]) => `  ['${origin}', ${functionOf(schema, identifier(origin))}],`);
  return [
    '// Generated from the catalogue by scripts/generate-catalogue.mjs. Do not edit.',
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
