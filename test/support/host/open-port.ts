import { type Incident, type Reject, type Source, type SourceContext, silentLog } from '@ihandler/core';
import { onTestFinished } from 'vitest';

/** A source that listens on a port, and the incidents it has reported. */
export interface OpenPort {
  readonly port: number;
  readonly url: string;
  readonly incidents: Incident[];
  /** How many incidents each report contained. */
  readonly batches: number[];
  readonly rejects: Reject[];
  /** Its log lines. */
  readonly log: string[];
  /** Stops it; resolves when it has stopped. */
  stop(): Promise<void>;
}

/** Runs a source until the test is finished; `context` replaces parts of its context. */
export async function openPort(source: Source, context: Partial<SourceContext> = {}): Promise<OpenPort> {
  const end = new AbortController();
  const opened: Pick<OpenPort, 'incidents' | 'batches' | 'rejects' | 'log'> = {
    incidents: [],
    batches: [],
    rejects: [],
    log: [],
  };
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const say = (message: string, details: Readonly<Record<string, unknown>> = {}) => {
    opened.log.push(`${message} ${JSON.stringify(details)}`);
    if (message === 'listening for posts') listening(Number(details['port']));
  };
  const running = source.run({
    instance: source.name,
    sensor: 'hive',
    signal: end.signal,
    log: { ...silentLog, info: say, warn: say, error: say },
    now: Date.now,
    state: () => undefined,
    async report(batch) {
      opened.incidents.push(...batch);
      opened.batches.push(batch.length);
    },
    resumeAfter: () => undefined,
    async reject(reject) {
      opened.rejects.push(reject);
    },
    progress: () => undefined,
    ...context,
  });
  const stop = () => {
    end.abort();
    return running;
  };
  // A test of a failure has checked the error already.
  onTestFinished(() => stop().catch(() => undefined));
  const number = await Promise.race([port, running.then(() => 0)]);
  return { ...opened, port: number, url: `http://127.0.0.1:${number}`, stop };
}
