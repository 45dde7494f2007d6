import { defineHandler, type WritingHandler } from '@ihandler/core';
import { type LogTextOptions, parseLogTextOptions } from './options.ts';
import { createTextLog, type TextLog } from './text-log.ts';

export type { LogOptions, LogTextOptions } from './options.ts';

/** Runs an action for every log, even if one fails, then throws the first failure. */
async function forEach(logs: readonly TextLog[], action: (log: TextLog) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(logs.map(action));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Writes incidents as lines of text, each log with its own filter and format. */
export default function logText(options: LogTextOptions): WritingHandler {
  const logs = parseLogTextOptions(options).map(createTextLog);
  let last: Promise<unknown> = Promise.resolve();

  /** Runs actions one after the other, so that no file is reopened or closed within a batch. */
  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = last.then(action);
    // The caller gets the failure; the next action only waits.
    last = turn.catch(() => undefined);
    return turn;
  }

  return defineHandler({
    name: 'log-text',
    accepts: ['*'],
    wants: (origin, origins) => logs.some((log) => log.wants(origin, origins)),
    start: (context) =>
      inTurn(async () => {
        try {
          await forEach(logs, async (log) => log.start(context));
        } catch (error) {
          await forEach(logs, (log) => log.close());
          throw error;
        }
      }),
    write: (batch, _checkpoint, { origins }) =>
      inTurn(async () => {
        // An incident that cannot be formatted fails before anything is written.
        const lines = logs.map((log) => [log, log.linesOf(batch, origins)] as const);
        const outcomes = await Promise.all(
          lines.map(async ([log, part]) => ({ log, part, ...(await log.write(part)) })),
        );
        const failed = outcomes.find(({ failure }) => failure !== undefined);
        for (const { log, part, written } of outcomes)
          if (failed === undefined) log.settle(batch);
          else log.remember(part.ids.slice(0, written));
        if (failed !== undefined) throw failed.failure;
      }),
    reopen: () => inTurn(() => forEach(logs, (log) => log.reopen())),
    close: () => inTurn(() => forEach(logs, (log) => log.close())),
  });
}
