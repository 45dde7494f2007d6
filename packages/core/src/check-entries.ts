import type { HandlerEntry } from './dispatcher-options.ts';
import { IhandlerError } from './error.ts';
import { CONTRACT, isWriting } from './handler.ts';

const instancePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** Throws `HANDLER_INVALID` or `CONTRACT_UNKNOWN` for handlers that cannot be run together. */
export function checkEntries(entries: readonly HandlerEntry[]): void {
  const seen = new Set<string>();
  for (const { handler, instance = handler?.name } of entries) {
    if (typeof handler !== 'object' || handler === null || typeof handler.name !== 'string')
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Expected a handler, found ${typeof handler}: make one with defineHandler().`,
      );
    if (handler.contract !== CONTRACT)
      throw new IhandlerError(
        'CONTRACT_UNKNOWN',
        `${handler.name} speaks contract ${String(handler.contract)}, this core speaks ${CONTRACT}: install versions of both that agree.`,
      );
    if (
      isWriting(handler)
        ? !Array.isArray(handler.accepts)
        : typeof handler.on !== 'object' || handler.on === null
    )
      throw new IhandlerError(
        'HANDLER_INVALID',
        `${handler.name} has neither "on" nor "accepts" with "write": it would never get anything.`,
      );
    if (!instancePattern.test(instance))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Expected an instance name of letters, digits, ".", "_" and "-", found ${JSON.stringify(instance)}: it names a folder.`,
      );
    if (seen.has(instance))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Two handlers are named ${instance}: give one of them another name with "as".`,
      );
    seen.add(instance);
  }
}
