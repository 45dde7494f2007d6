import { type Dispatcher, IhandlerError } from '@ihandler/core';
import { z } from 'zod';
import { resumeHandler } from '../walls/handler-ends.ts';
import type { ControlMethod, ControlMethods } from './control-server.ts';

const positions = z.array(z.int().positive()).optional();

/** The parameters of each method; the answers are those of the dispatcher's methods of the same name. */
const params = {
  retryDeadLetters: z.strictObject({ instance: z.string(), positions }),
  dropDeadLetters: z.strictObject({ instance: z.string(), positions }),
  replay: z.strictObject({
    instance: z.string(),
    name: z.string(),
    since: z.number().optional(),
    only: z.array(z.string()).optional(),
  }),
  forget: z.strictObject({ networks: z.array(z.string()) }),
};

/** The parameters of each method, by its name. */
type OperatorParams = { readonly [Method in keyof typeof params]: z.output<(typeof params)[Method]> };

const replayCounts = z.object({
  delivered: z.number(),
  filtered: z.number(),
  dead: z.number(),
  dropped: z.number(),
  lost: z.number(),
  known: z.number().optional(),
});

/** The schema of each method's answer. */
export const answers = {
  retryDeadLetters: z.object({ delivered: z.number(), dead: z.number() }),
  dropDeadLetters: z.number(),
  replay: replayCounts,
  /** What each instance did, for people. */
  forget: z.record(z.string(), z.string()),
};

/** See {@link answers}. */
export type OperationAnswers = {
  readonly [Method in keyof typeof answers]: z.output<(typeof answers)[Method]>;
};

/** The progress of a replay: `done` of `total` entries. */
export const replayProgress = z.object({ done: z.number(), total: z.number() });

/** A call of a dispatcher's method, in this process or another. */
export type Operation = {
  [Method in keyof OperatorParams]: { readonly method: Method; readonly params: OperatorParams[Method] };
}[keyof OperatorParams];

/** The object without its undefined members. */
function given<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  // Safe: exactly the keys whose value is undefined are left out.
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/** Performs an operation on a dispatcher of this process. */
export function operate(
  dispatcher: Dispatcher,
  operation: Operation,
  say: (progress: unknown) => void,
  signal: AbortSignal,
): Promise<unknown> {
  switch (operation.method) {
    case 'retryDeadLetters':
      return dispatcher.retryDeadLetters(operation.params.instance, operation.params.positions);
    case 'dropDeadLetters':
      return dispatcher.dropDeadLetters(operation.params.instance, operation.params.positions);
    case 'replay':
      return dispatcher.replay({
        ...given(operation.params),
        signal,
        onProgress: (done, total) => say({ done, total }),
      });
    case 'forget':
      return dispatcher.forget(operation.params.networks);
  }
}

function methodFor(dispatcher: Dispatcher, method: Operation['method']): ControlMethod {
  return async (sent, say, signal) => {
    const parsed = params[method].safeParse(sent);
    if (!parsed.success)
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `The running ihandler does not accept this request for ${method}. Is it another version? Restart it.`,
      );
    // Safe: the schema of this method has just accepted them.
    return operate(dispatcher, { method, params: parsed.data } as Operation, say, signal);
  };
}

/** The method that starts a paused handler, and forgets why it was paused. Answers whether it was. */
export function resumeMethod(dispatcher: Dispatcher, dataDir: string): ControlMethod {
  return async (sent) => {
    const { instance } = z.strictObject({ instance: z.string() }).parse(sent);
    await dispatcher.resume(instance);
    return resumeHandler(dataDir, instance);
  };
}

/** The methods of a running process for `dead-letters`, `replay` and `forget`. */
export function operatorMethods(dispatcher: Dispatcher): ControlMethods {
  return {
    retryDeadLetters: methodFor(dispatcher, 'retryDeadLetters'),
    dropDeadLetters: methodFor(dispatcher, 'dropDeadLetters'),
    replay: methodFor(dispatcher, 'replay'),
    forget: methodFor(dispatcher, 'forget'),
  };
}
