import { type Incident, type SourceContext, silentLog } from '@ihandler/core';
import http, { type HttpOptions } from '@ihandler/http';
import { onTestFinished } from 'vitest';

/** The port of a hub, and the incidents that it has accepted. */
export interface Hub {
  readonly port: number;
  readonly incidents: Incident[];
  /** How many incidents each post contained. */
  readonly posts: number[];
  /** Stops listening; resolves when the port is free. */
  stop(): Promise<void>;
}

/** Runs the source `http` until the test is finished; `report` is called before a post is accepted. */
export async function openHub(
  options: Partial<HttpOptions> = {},
  report?: SourceContext['report'],
): Promise<Hub> {
  const end = new AbortController();
  const accepted = { incidents: [] as Incident[], posts: [] as number[] };
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
      accepted.incidents.push(...batch);
      accepted.posts.push(batch.length);
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
  return { ...accepted, port: await Promise.race([port, running.then(() => 0)]), stop };
}
