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

/** A handler that was started, as a lane has it. */
export interface Started {
  readonly handler: WritingHandler;
  /** Everything it logged. */
  readonly log: string[];
  write(batch: readonly Incident[]): Promise<void>;
  /** What a write is refused with. */
  refusal(
    batch: readonly Incident[],
  ): Promise<Error & { readonly retryAfter?: number; readonly permanent?: true }>;
}

/** Starts a handler until the test is over. */
export async function startForward(options: ForwardOptions): Promise<Started> {
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

/** So many of them. */
export function offers(count: number): readonly Incident[] {
  return Array.from({ length: count }, (_, index) => offer(index + 1));
}
