import type { Definitions, JsonSchema } from '../../contract/meaning/json-schema.ts';
import { type Check, isObject, likelier, type Problem, under, wrong } from './problem.ts';
import { anyOfTests, bytesTest, type ValueTest, valueTest } from './value-test.ts';

/** A schema as one test, or as a check that knows where in a value the problem is. */
type Compiled = { readonly test: ValueTest } | { readonly check: Check };

const open: ValueTest = { fits: () => true, expected: 'anything' };

function isOpen(schema: JsonSchema | boolean | undefined): schema is undefined | boolean {
  return typeof schema !== 'object' || Object.keys(schema).length === 0;
}

function hasParts({ items, properties, required, additionalProperties }: JsonSchema): boolean {
  return (
    !isOpen(items) ||
    (properties !== undefined && Object.keys(properties).length > 0) ||
    (required !== undefined && required.length > 0) ||
    !isOpen(additionalProperties)
  );
}

/**
 * Compiles the checks of schemas that share definitions. A check returns the first problem of a value; undefined, without any
 * allocation, when it fits. Keywords that {@link JsonSchema} lacks are not checked; a reference to nothing fits everything.
 */
export function createChecks(definitions: Definitions): (schema: JsonSchema) => Check {
  const shared = new Map<string, Compiled>();
  const underWay = new Set<string>();

  function compileReference(name: string): Compiled {
    const known = shared.get(name);
    if (known !== undefined) return known;
    const target = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (target === undefined) return { test: open };
    if (underWay.has(name)) {
      // A schema that contains itself: its check exists when data is checked.
      return {
        check(value) {
          const compiled = shared.get(name);
          return compiled === undefined ? undefined : checkOf(compiled)(value);
        },
      };
    }
    underWay.add(name);
    const compiled = compile(target);
    underWay.delete(name);
    shared.set(name, compiled);
    return compiled;
  }

  function compile(schema: JsonSchema): Compiled {
    if (schema.$ref !== undefined) return compileReference(schema.$ref.replace('#/$defs/', ''));
    if (schema.properties !== undefined && Object.hasOwn(schema.properties, '$bytes'))
      return { test: bytesTest };
    if (schema.anyOf !== undefined) return compileChoice(schema.anyOf.map(compile));
    const test = valueTest(schema);
    if (!hasParts(schema)) return { test };
    const parts = schema.items === undefined ? objectCheck(schema) : listCheck(schema.items);
    return { check: (value) => (test.fits(value) ? parts(value) : wrong(value, test.expected)) };
  }

  function compileChoice(choices: readonly Compiled[]): Compiled {
    const tests = choices.flatMap((choice) => ('test' in choice ? [choice.test] : []));
    if (tests.length === choices.length) return { test: anyOfTests(tests) };
    const checks = choices.map(checkOf);
    return {
      check(value) {
        let problems: [Problem, ...Problem[]] | undefined;
        for (const check of checks) {
          const problem = check(value);
          if (problem === undefined) return undefined;
          if (problems === undefined) problems = [problem];
          else problems.push(problem);
        }
        return problems && likelier(...problems);
      },
    };
  }

  function objectCheck({ properties = {}, required = [], additionalProperties }: JsonSchema): Check {
    const named = [...new Set([...Object.keys(properties), ...required])].map((key) => {
      const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const compiled: Compiled = schema === undefined ? { test: open } : compile(schema);
      const isRequired = required.includes(key);
      const test = 'test' in compiled ? compiled.test : undefined;
      return { key, isRequired, test, check: checkOf(compiled) };
    });
    const others = isOpen(additionalProperties)
      ? undefined
      : checkOf(compile(additionalProperties as JsonSchema));
    const keys = new Set(Object.keys(properties));
    return (value) => {
      if (!isObject(value)) return undefined;
      for (const part of named) {
        const { key } = part;
        const item = value[key];
        if (item === undefined) {
          if (!part.isRequired) continue;
          if (part.test === open) return wrong(item, 'a value', key);
        }
        if (part.test !== undefined) {
          if (!part.test.fits(item)) return wrong(item, part.test.expected, key);
        } else {
          const problem = part.check(item);
          if (problem !== undefined) return under(key, problem);
        }
      }
      if (others !== undefined)
        for (const key in value) {
          const problem = keys.has(key) ? undefined : others(value[key]);
          if (problem !== undefined) return under(key, problem);
        }
      return undefined;
    };
  }

  function listCheck(items: JsonSchema): Check {
    const check = checkOf(compile(items));
    return (value) => {
      if (!Array.isArray(value)) return undefined;
      for (let index = 0; index < value.length; index += 1) {
        const problem = check(value[index]);
        if (problem !== undefined) return under(index, problem);
      }
      return undefined;
    };
  }

  return (schema) => checkOf(compile(schema));
}

function checkOf(compiled: Compiled): Check {
  if ('check' in compiled) return compiled.check;
  const { fits, expected } = compiled.test;
  return (value) => (fits(value) ? undefined : wrong(value, expected));
}
