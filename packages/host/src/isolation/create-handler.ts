import { CONTRACT, type Handler } from '@ihandler/core';
import { describeValue } from '@ihandler/core/kit';
import { importFile } from '../discovery/load-module.ts';
import type { HandlerProgram } from './messages.ts';

type Factory = (options: unknown) => unknown;

/** A local file is written for this version: a handler without a contract gets the current one. */
function withContract(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'contract' in value) return value;
  return Object.isExtensible(value)
    ? Object.assign(value, { contract: CONTRACT })
    : { contract: CONTRACT, ...value };
}

/** Why the value that a factory returned is not a handler; undefined when it is one, as far as the host checks. */
function handlerProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `expected a handler; found ${describeValue(value)}`;
  if ('then' in value && typeof value.then === 'function')
    return 'expected a handler; found a promise: its factory must not be asynchronous. Open files and connections in start()';
  const contract = 'contract' in value ? value.contract : undefined;
  if (contract !== CONTRACT)
    return `expected a handler of contract ${CONTRACT} (defineHandler stamps it); found contract ${JSON.stringify(contract) ?? 'missing'}`;
  return 'name' in value && typeof value.name === 'string' ? undefined : 'expected a handler with a name';
}

/** The default export; of a CommonJS module that was compiled from an ES module, the one it had there. */
function defaultOf(value: unknown): unknown {
  const isCompiled =
    typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value;
  return isCompiled ? value.default : value;
}

/**
 * Imports the module of a handler and calls its factory. Returns the handler, or why the result is none. Throws
 * `HANDLER_INVALID` for a module that cannot be loaded, and what the factory throws.
 */
export async function createHandler({
  file,
  owner,
  options,
  isOwn,
}: HandlerProgram): Promise<Handler | string> {
  const factory = defaultOf((await importFile(file, owner))['default']);
  // Safe: a factory validates the options itself; its result is checked below.
  const made = typeof factory === 'function' ? (factory as Factory)(options) : factory;
  const value = isOwn ? withContract(made) : made;
  const problem = handlerProblem(value);
  // Safe: contract and name have been checked; the dispatcher checks the rest.
  return problem === undefined ? (value as Handler) : `${owner}: ${problem}`;
}
