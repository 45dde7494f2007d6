import { IhandlerError } from '../contract/error.ts';
import { CONTRACT, type Handler, isWriting } from '../contract/handler.ts';
import { describeValue } from '../contract/text/describe-value.ts';
import type { HandlerEntry } from './handler-entry.ts';

const instancePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** What is wrong with the globs and listeners of a handler; undefined when nothing is. Not every handler is type-checked. */
function problemOf(handler: Handler): string | undefined {
  if (handler.wants !== undefined && typeof handler.wants !== 'function')
    return `expected a function as "wants", found ${typeof handler.wants}`;
  if (isWriting(handler) ? !Array.isArray(handler.accepts) : !isObject(handler.on))
    return 'expected "on", or "accepts" with "write", found neither: it would never get an incident';
  if (!isWriting(handler)) {
    const wrong = Object.entries(handler.on).find(([, listener]) => typeof listener !== 'function');
    return wrong && `expected a function as the listener of "${wrong[0]}", found ${describeValue(wrong[1])}`;
  }
  if (typeof handler.write !== 'function')
    return `expected a function as "write", found ${describeValue(handler.write)}`;
  const wrong = handler.accepts.find((glob) => typeof glob !== 'string');
  return wrong === undefined ? undefined : `expected globs in "accepts", found ${describeValue(wrong)}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Throws `HANDLER_INVALID` or `CONTRACT_UNKNOWN` for handlers that cannot be run together. */
export function checkEntries(entries: readonly HandlerEntry[]): void {
  const seen = new Set<string>();
  for (const { handler, instance = handler?.name } of entries) {
    if (typeof handler !== 'object' || handler === null || typeof handler.name !== 'string')
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Expected a handler, found ${describeValue(handler)}: create one with defineHandler().`,
      );
    if (handler.contract !== CONTRACT)
      throw new IhandlerError(
        'CONTRACT_UNKNOWN',
        `${handler.name} implements contract ${String(handler.contract)}, this core implements ${CONTRACT}: install matching versions of both.`,
      );
    const problem = problemOf(handler);
    if (problem !== undefined)
      throw new IhandlerError('HANDLER_INVALID', `The handler ${handler.name}: ${problem}.`);
    if (!instancePattern.test(instance))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Expected an instance name of letters, digits, ".", "_" and "-", found ${JSON.stringify(instance)}: a folder gets this name.`,
      );
    if (seen.has(instance))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Two handlers are named ${instance}: rename one of them with "as".`,
      );
    seen.add(instance);
  }
}
