import { describeError, isIhandlerError, type OptionProblem, optionProblems } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { didYouMean } from '../did-you-mean.ts';
import { type JsonSchema, optionsOf } from '../discovery/option-schema.ts';

/** A path into a configuration: `['ihandlers', 0, 'config', 'file']`. */
export type ConfigPath = readonly (string | number)[];

/** An error in a configuration. */
export interface Problem {
  readonly path: ConfigPath;
  /** The expectation and the value found. */
  readonly message: string;
}

/** `ihandlers[0].config.file`. */
export function formatPath(path: ConfigPath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}

/** Turns the path of an option problem (`a.b[0]`) into one below an entry. */
export function below(path: ConfigPath, problem: OptionProblem): ConfigPath {
  const inner = problem.path.match(/[^.[\]]+/g) ?? [];
  return [...path, ...inner.map((key) => (/^\d+$/.test(key) ? Number(key) : key))];
}

/** The problems of the options below `path`.config, when an error is about options; else none. */
export function optionProblemsAt(error: unknown, path: ConfigPath): readonly Problem[] {
  return optionProblems(error).map((problem) => ({
    path: below([...path, 'config'], problem),
    message: problem.message,
  }));
}

/** A schema with all schemas that it allows instead. */
function choices(schema: unknown): readonly JsonSchema[] {
  if (!isRecord(schema)) return [];
  const others = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => schema[key]).flatMap(choices);
  return [schema, ...others];
}

/** The schemas of an inner value. */
function stepInto(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  if (typeof step === 'number') return choices(schema['items']);
  const own = new Map(optionsOf(schema)).get(step);
  return choices(own ?? schema['additionalProperties']);
}

/** Adds the nearest name to the problems of unknown options of the entry at `path`. */
export function withSuggestions(
  problems: readonly Problem[],
  path: ConfigPath,
  schema: JsonSchema,
): readonly Problem[] {
  return problems.map((problem) => {
    const inner = problem.path.slice(path.length + 1);
    const key = inner.at(-1);
    if (!/^(?:unknown option|there is no such option)$/.test(problem.message) || typeof key !== 'string')
      return problem;
    let around = choices(schema);
    for (const step of inner.slice(0, -1)) around = around.flatMap((one) => stepInto(one, step));
    const known = around.flatMap((one) => optionsOf(one).map(([name]) => name));
    return { ...problem, message: `${problem.message}${didYouMean(key, known)}` };
  });
}

/** What a factory threw, as problems of the entry at `path`: one for each wrong option, else one for the error. */
export function factoryProblems(error: unknown, name: string, path: ConfigPath): readonly Problem[] {
  const problems = optionProblemsAt(error, path);
  if (problems.length > 0) return problems;
  const message = isIhandlerError(error) ? error.message : `${name}: ${describeError(error)}`;
  return [{ path, message }];
}
