import { type Incident, type SourceContext, silentLog } from '@ihandler/core';
import http, { type HttpOptions } from '@ihandler/http';
import { onTestFinished } from 'vitest';

/** Another ihandler's port, and what it took so far. */
export interface Hub {
  readonly port: number;
  readonly incidents: Incident[];
  /** How many incidents came with each post. */
  readonly posts: number[];
  /** Stops listening; resolves when the port is free. */
  stop(): Promise<void>;
}

/** Opens the source `http` until the test is over; `report` replaces what becomes of what is posted. */
export async function openHub(
  options: Partial<HttpOptions> = {},
  report?: SourceContext['report'],
): Promise<Hub> {
  const end = new AbortController();
  const taken = { incidents: [] as Incident[], posts: [] as number[] };
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const running = http({ port: 0, ...options }).run({
    instance: 'http',
    sensor: 'hub',
    signal: end.signal,
    log: { ...silentLog, info: (_message, details) => listening(Number(details?.['port'])) },
    now: Date.now,
    state: () => undefined,
    async report(batch, how) {
      await report?.(batch, how);
      taken.incidents.push(...batch);
      taken.posts.push(batch.length);
    },
    resumeAfter: () => undefined,
    reject: async () => undefined,
    progress: () => undefined,
  });
  const stop = () => {
    end.abort();
    return running;
  };
  onTestFinished(stop);
  return { ...taken, port: await Promise.race([port, running.then(() => 0)]), stop };
}
