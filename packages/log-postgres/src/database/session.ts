import { Socket } from 'node:net';
import { Client } from 'pg';
import { clientConfig, type Login } from './login.ts';

/** One connection to a database, opened on demand and again after each failure. For one caller at a time. */
export interface Session {
  /** Runs queries. If they fail, closes the connection, which rolls back its transaction. */
  run<T>(work: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Settings of a session. */
export interface SessionOptions {
  /** Whether all queries read few rows by index. PostgreSQL then always plans with indexes, however small the tables are. @default false */
  readonly byIndex?: boolean;
  /** The longest that a query may take, in milliseconds. Default: no limit. */
  readonly queryTimeout?: number;
  /** Ends an attempt to connect. */
  readonly signal?: AbortSignal;
}

/**
 * Settings for a writer. A lost host must not keep its locks for long, and must not wait for locks for ever. What the server
 * confirms must be on its disk, because the journal deletes it then.
 */
const WRITER = `SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; SET enable_seqscan = off;
  SET enable_hashjoin = off; SET enable_mergejoin = off;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;
const ALWAYS = `SET TIME ZONE 'UTC'; SET extra_float_digits = 1`;

/** Creates a session without connecting. */
export function createSession(
  login: Login,
  { byIndex = false, queryTimeout, signal }: SessionOptions = {},
): Session {
  let current: { readonly client: Client; readonly socket: Socket } | undefined;

  function drop(): void {
    // A server that stopped responding would not answer a polite end either.
    current?.socket.destroy();
    current = undefined;
  }

  async function open(): Promise<Client> {
    if (current !== undefined) return current.client;
    const socket = new Socket();
    const client = new Client({
      ...clientConfig(login),
      stream: () => socket,
      // Sends several queries at once: a batch waits for three round trips, not thirty.
      pipeline: true,
      ...(queryTimeout === undefined ? {} : { query_timeout: queryTimeout }),
    });
    const opened = { client, socket };
    client.on('error', () => {
      // The current query or the next one reports it, and the next one connects again.
      if (current === opened) drop();
    });
    const abort = () => void socket.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await client.connect();
      await client.query(byIndex ? `${ALWAYS}; ${WRITER}` : ALWAYS);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
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
