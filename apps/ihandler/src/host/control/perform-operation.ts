import { setTimeout as pause } from 'node:timers/promises';
import { type CommandArguments, IhandlerError } from '@ihandler/core';
import type { z } from 'zod';
import type { App } from '../../app.ts';
import { openHost } from '../assembly/host.ts';
import { callControl } from './control-client.ts';
import { type Operation, operate } from './operations.ts';

/** Where an operation is done, and with whom. */
export interface Performance<Answer> {
  readonly dataDir: string;
  /** The instances that are started when no process runs. */
  readonly instances: readonly string[];
  readonly answer: z.ZodType<Answer>;
  readonly onProgress?: (progress: unknown) => void;
}

/** How long handlers may need to start, in milliseconds. */
const START = 30_000;

/** Waits until no handler is in the first start any more; throws for one that does not start. */
async function waitForStart(
  status: () => readonly { readonly instance: string; readonly state: string; readonly failure?: string }[],
  { signal, patience }: App['host'],
): Promise<void> {
  const until = performance.now() + (patience?.start ?? START);
  const starting = () => status().find(({ state }) => state === 'starting');
  while (starting() !== undefined && performance.now() < until && !signal.aborted)
    await pause(50, undefined, { signal }).catch(() => undefined);
  const stuck = starting();
  if (stuck !== undefined && !signal.aborted)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `${stuck.instance} does not start: ${stuck.failure ?? 'it does not answer'}. Nothing was done.`,
    );
}

async function performHere(
  operation: Operation,
  { instances, onProgress }: Performance<unknown>,
  args: CommandArguments,
  app: App,
): Promise<unknown> {
  const host = await openHost(args, app, { instances, sources: false });
  try {
    await waitForStart(() => host.dispatcher.status(), app.host);
    // What the instance has not had yet comes by itself, and a replay gives only what has come before.
    if (operation.method === 'replay')
      await host.dispatcher.drain({ stalledAfter: START, signal: app.host.signal });
    return await operate(host.dispatcher, operation, onProgress ?? (() => undefined), app.host.signal);
  } finally {
    await host.close();
  }
}

/**
 * Does something with a journal's instances: in the process that runs on the data folder, else in this one, which opens the
 * journal and starts only those instances. Throws what the operation throws, and `JOURNAL_BUSY` when a process has the
 * journal that cannot be asked.
 */
export async function performOperation<Answer>(
  operation: Operation,
  performance: Performance<Answer>,
  args: CommandArguments,
  app: App,
): Promise<Answer> {
  const { dataDir, onProgress, answer } = performance;
  const { signal } = app.host;
  const call = { signal, ...(onProgress && { onProgress }) };
  const answered = await callControl(dataDir, operation.method, operation.params, call);
  return answer.parse(
    answered === undefined ? await performHere(operation, performance, args, app) : answered,
  );
}
