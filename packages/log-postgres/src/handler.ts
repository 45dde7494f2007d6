import { defineHandler, type HandlerContext, type Incident, type WritingHandler } from '@ihandler/core';
import { formatCount, MINUTE } from '@ihandler/core/kit';
import { explainFailure } from './database/failure.ts';
import { createSession, type Session } from './database/session.ts';
import { type LogPostgresOptions, parseLogPostgresOptions } from './options.ts';
import { forgetAttacks } from './retention/forget-attacks.ts';
import { type Retention, startPostgresRetention } from './retention/retention.ts';
import { assertVersion, prepareSchema } from './schema/migrate.ts';
import { type AttackStore, createAttackStore } from './write/attack-store.ts';

export type { LogPostgresOptions } from './options.ts';

interface Running {
  readonly context: HandlerContext;
  readonly session: Session;
  readonly store: AttackStore;
  readonly retention: Retention;
}

/** The longest that one query of a writer may take, in milliseconds. Then the connection is closed and the batch retried. */
const QUERY_TIMEOUT = 2 * MINUTE;

/** Where PostgreSQL keeps removed rows, and how to erase them. */
function tracesIn(schema: string): string {
  return `PostgreSQL keeps removed rows in its files until it overwrites them: to erase them, stop ihandler, connect to this database as a user that may vacuum the tables of schema ${schema}, and run VACUUM FULL, then CHECKPOINT; its write-ahead log, archived logs, standby servers and backups keep copies until they are replaced`;
}

/** Stores attacks in PostgreSQL with dionaea's tables, with rows and the ids of their incidents in one transaction. */
export default function logPostgres(options: LogPostgresOptions): WritingHandler {
  const { login, schema, keep, remember } = parseLogPostgresOptions(options);
  const counts = { stored: 0, duplicates: 0, unfit_values: 0, waiting_dropped: 0, attacks_removed: 0 };
  let running: Running | undefined;

  /** Runs an action. Its failures get advice. */
  async function use<T>(action: (running: Running) => Promise<T>): Promise<T> {
    if (running === undefined) throw new Error('log-postgres was used before start or after close.');
    try {
      return await action(running);
    } catch (error) {
      throw explainFailure(error, login, schema);
    }
  }

  async function write(batch: readonly Incident[]): Promise<void> {
    await use(async ({ context, session, store }) => {
      const outcome = await session.run((client) => store.write(client, batch));
      counts.stored += outcome.stored;
      counts.duplicates += outcome.known;
      counts.unfit_values += outcome.unfit;
      counts.waiting_dropped += outcome.dropped;
      if (outcome.dropped > 0)
        context.log.warn('too many incidents refer to unknown connections: discarded the oldest', {
          incidents: outcome.dropped,
        });
    });
  }

  return defineHandler({
    name: 'log-postgres',
    accepts: ['*'],
    async start(context) {
      const { signal } = context;
      const session = createSession(login, { byIndex: true, queryTimeout: QUERY_TIMEOUT, signal });
      try {
        await session.run((client) => prepareSchema(client, login, schema));
      } catch (error) {
        await session.close();
        throw explainFailure(error, login, schema);
      }
      const removed = (attacks: number) => {
        counts.attacks_removed += attacks;
      };
      running = {
        context,
        session,
        store: createAttackStore(login, schema, context),
        retention: startPostgresRetention({ login, schema, keep, remember }, context, removed),
      };
    },
    write,
    counters: () => ({ ...counts }),
    forget: (isForgotten) =>
      use(async ({ session }) => {
        const { attacks, texts } = await session.run(async (client) => {
          await assertVersion(client, login, schema);
          return forgetAttacks(client, schema, isForgotten);
        });
        const elsewhere =
          texts === 0 ? '' : `, and the address from ${formatCount(texts, 'text')} of other attacks`;
        return `removed ${formatCount(attacks, 'attack')}${elsewhere}; ${tracesIn(schema)}`;
      }),
    async close() {
      const closing = running;
      running = undefined;
      await closing?.retention.close();
      await closing?.session.close();
    },
  });
}
