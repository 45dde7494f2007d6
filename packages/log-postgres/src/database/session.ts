import { Socket } from 'node:net';
import { Client } from 'pg';
import { clientConfig, type Login } from './login.ts';

/** One connection to a database, opened when it is needed and again after each failure. For one caller at a time. */
export interface Session {
  /** Runs queries. When they fail, the connection is thrown away with whatever was going on on it. */
  run<T>(work: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How a session behaves. */
export interface SessionOptions {
  /** Whether it asks only for few rows by index: then plans made while tables were small stay right. @default false */
  readonly byIndex?: boolean;
  /** The longest that a query may take, in milliseconds. Default: for ever. */
  readonly patience?: number;
}

/**
 * What holds for a connection of a writer: a lost host must not hold its locks for long, nor wait for others for ever; and
 * what the server confirms is on its disk, since the journal lets go of it then.
 */
const WRITER = `SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; SET enable_seqscan = off;
  SET enable_hashjoin = off; SET enable_mergejoin = off;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;
const ALWAYS = `SET TIME ZONE 'UTC'; SET extra_float_digits = 1`;

/** Prepares one; nothing is opened yet. */
export function createSession(login: Login, { byIndex = false, patience }: SessionOptions = {}): Session {
  let current: { readonly client: Client; readonly socket: Socket } | undefined;

  function drop(): void {
    // A server that does not answer would not take leave either.
    current?.socket.destroy();
    current = undefined;
  }

  async function open(): Promise<Client> {
    if (current !== undefined) return current.client;
    const socket = new Socket();
    const client = new Client({
      ...clientConfig(login),
      stream: () => socket,
      // Several queries are on their way at once: a batch waits for the server three times, not thirty.
      pipeline: true,
      ...(patience === undefined ? {} : { query_timeout: patience }),
    });
    const opened = { client, socket };
    client.on('error', () => {
      // Told by the query that runs, or by the next one: then a new connection is made.
      if (current === opened) drop();
    });
    try {
      await client.connect();
      await client.query(byIndex ? `${ALWAYS}; ${WRITER}` : ALWAYS);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    current = opened;
    return client;
  }

  return {
    async run(work) {
      const client = await open();
      try {
        return await work(client);
      } catch (error) {
        drop();
        throw error;
      }
    },
    async close() {
      const closing = current;
      current = undefined;
      if (closing === undefined) return;
      const timer = setTimeout(() => closing.socket.destroy(), 2000);
      await closing.client.end();
      clearTimeout(timer);
    },
  };
}
