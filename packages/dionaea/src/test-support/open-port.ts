import { connect } from 'node:net';
import { type Incident, type Reject, type Source, type SourceContext, silentLog } from '@ihandler/core';
import { onTestFinished } from 'vitest';

/** A source that listens, and what it brought so far. */
export interface OpenPort {
  readonly port: number;
  readonly incidents: Incident[];
  readonly rejects: Reject[];
  /** Everything it logged, as text. */
  readonly log: string[];
  /** Tells it to stop; resolves when it has. */
  stop(): Promise<void>;
}

/** Runs a source until the test is over; `context` replaces parts of its host, `hive`. */
export async function openPort(source: Source, context: Partial<SourceContext> = {}): Promise<OpenPort> {
  const end = new AbortController();
  const opened = { incidents: [] as Incident[], rejects: [] as Reject[], log: [] as string[] };
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const say = (message: string, details: Readonly<Record<string, unknown>> = {}) => {
    opened.log.push(`${message} ${JSON.stringify(details)}`);
    if (message === 'takes posts') listening(Number(details['port']));
  };
  const running = source.run({
    instance: source.name,
    sensor: 'hive',
    signal: end.signal,
    log: { ...silentLog, message: say, warning: say, error: say },
    now: Date.now,
    state: () => undefined,
    async report(batch) {
      opened.incidents.push(...batch);
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
  // A test that is about how it fails has seen that already.
  onTestFinished(() => stop().catch(() => undefined));
  return { ...opened, port: await Promise.race([port, running.then(() => 0)]), stop };
}

/** Writes a request as it is, in a connection of its own; answers the status. */
export function sendRequest(port: number, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+) /.exec(text)?.[1])));
  });
}

/** A post of one line, as Python's urllib sends it. */
export function postOf(body: string, path = '/incidents'): string {
  const head = `POST ${path} HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${head}Host: 127.0.0.1\r\nUser-Agent: Python-urllib/3.11\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}`;
}
