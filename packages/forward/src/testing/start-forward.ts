import {
  createIncident,
  type Incident,
  silentLog,
  type UntypedData,
  type WritingHandler,
} from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';
import forward, { type ForwardOptions } from '../index.ts';

/** A started handler. */
export interface StartedHandler {
  readonly handler: WritingHandler;
  /** Its error messages in the log. */
  readonly log: string[];
  write(batch: readonly Incident[]): Promise<void>;
  /** The error of a write that is expected to fail. */
  refusal(
    batch: readonly Incident[],
  ): Promise<Error & { readonly retryAfter?: number; readonly permanent?: true }>;
}

/** Starts a handler; it is closed with the test. */
export async function startForward(options: ForwardOptions): Promise<StartedHandler> {
  const handler = forward(options);
  const log: string[] = [];
  const end = new AbortController();
  const { context } = handlerContext({
    instance: 'forward',
    signal: end.signal,
    log: { ...silentLog, error: (message: string) => log.push(message) },
  });
  await handler.start?.(context);
  onTestFinished(async () => {
    end.abort();
    await handler.close?.();
  });
  const write = async (batch: readonly Incident[]) => handler.write(batch, {}, context);
  return {
    handler,
    log,
    write,
    refusal: (batch) =>
      write(batch).then(
        () => {
          throw new Error('expected a refusal, found none');
        },
        (error) => error,
      ),
  };
}

/** The n-th incident of a stream. */
export function offer(ordinal: number, data: UntypedData = { url: `http://192.0.2.1/${ordinal}` }): Incident {
  const origin = 'dionaea.download.offer';
  return createIncident({ id: `5a1c0f6e:${ordinal}`, origin, timestamp: ordinal, sensor: 'hive', data });
}

/** The first incidents of the stream. */
export function offers(count: number): readonly Incident[] {
  return Array.from({ length: count }, (_, index) => offer(index + 1));
}
