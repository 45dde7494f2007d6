import { describeError, isIhandlerError, type OptionProblem, optionProblems } from '@ihandler/core';

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

/** What a factory threw, as problems of the entry at `path`: one for each wrong option, else one for the error. */
export function factoryProblems(error: unknown, name: string, path: ConfigPath): readonly Problem[] {
  const problems = optionProblemsAt(error, path);
  if (problems.length > 0) return problems;
  const message = isIhandlerError(error) ? error.message : `${name}: ${describeError(error)}`;
  return [{ path, message }];
}
