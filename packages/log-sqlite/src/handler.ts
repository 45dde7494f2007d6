import type { RetentionTimer } from '@ihandler/attack-log';
import { defineHandler, type HandlerContext, temporary, type WritingHandler } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import { assertDriver } from '@ihandler/sqlite-file';
import { adopt, explainHidden, SWITCH_OFF } from './database/adopt.ts';
import { explainFailure, explainOpening } from './database/failure.ts';
import { createLiveDatabase, type LiveDatabase, type OpenDatabase } from './database/live-database.ts';
import { openDatabase } from './database/open-database.ts';
import { describeWriters, hiddenWriters, otherWriters } from './database/other-writers.ts';
import { type LogSqliteOptions, parseLogSqliteOptions, type Settings } from './options.ts';
import { forgetAttacks } from './retention/forget-attacks.ts';
import { startSqliteRetention } from './retention/retention.ts';
import { vacuum } from './retention/vacuum.ts';
import { createAttackStore } from './write/attack-store.ts';

export type { LogSqliteOptions } from './options.ts';

interface Running {
  readonly context: HandlerContext;
  readonly live: LiveDatabase;
  readonly retention: RetentionTimer | undefined;
}

/**
 * Handles connections that another program added. Accepts them if no other process has the file open any more. Otherwise
 * throws a temporary error, until the operator switches dionaea's own handler off.
 */
function resolveForeignRows(
  { file, adopt: consent }: Settings,
  { store }: OpenDatabase,
  context: HandlerContext,
  foreignRow: number,
): void {
  const writers = otherWriters(file);
  if (writers?.length !== 0) {
    // Where the system does not list the writers, only the operator knows that they stopped.
    const who = writers === undefined ? '' : ` (${describeWriters(writers)})`;
    const then = writers === undefined ? ' and restart ihandler with "adopt: true"' : '';
    throw temporary(
      `another program${who} adds connections to ${file}, the newest is number ${foreignRow}. If that is dionaea, ${SWITCH_OFF}${then}. Pending incidents are written afterwards.`,
    );
  }
  const hidden = consent === 'checked' ? undefined : hiddenWriters(file);
  if (hidden !== undefined)
    throw temporary(
      `another program adds connections to ${file}, the newest is number ${foreignRow}; ${explainHidden(hidden, file)} and restart ihandler. Pending incidents are written afterwards.`,
    );
  context.log.warn('another program added connections and has closed the database: keeping them', {
    file,
    newest: foreignRow,
  });
  store.acceptForeignRows();
}

async function adoptIfAsked(settings: Settings, context: HandlerContext): Promise<void> {
  if (!settings.adopt) return;
  const { database, contents } = openDatabase(settings, context.durable);
  if (contents === 'dionaea') return adopt(database, settings, context);
  try {
    const hidden = settings.adopt === 'checked' ? undefined : hiddenWriters(settings.file);
    if ((otherWriters(settings.file) ?? []).length === 0 && hidden === undefined)
      createAttackStore(database).acceptForeignRows();
  } catch (error) {
    throw explainOpening(error, settings.file);
  } finally {
    database.close();
  }
}

/** Stores attacks in a SQLite database with dionaea's tables, with rows and checkpoint in one transaction. */
export default function logSqlite(options: LogSqliteOptions): WritingHandler {
  const settings = parseLogSqliteOptions(options);
  assertDriver();
  let running: Running | undefined;

  /** Runs an action on the open database. Its failures get advice. */
  function use<T>(action: (opened: OpenDatabase, running: Running) => T): T {
    if (running === undefined) throw new Error('log-sqlite was used before start or after close.');
    try {
      return action(running.live.current(), running);
    } catch (error) {
      throw explainFailure(error, settings.file);
    }
  }

  return defineHandler({
    name: 'log-sqlite',
    accepts: ['*'],
    async start(context) {
      await adoptIfAsked(settings, context);
      const live = createLiveDatabase(settings, context);
      live.current();
      running = { context, live, retention: startSqliteRetention(settings, live, context) };
    },
    checkpoint: () => use(({ store }) => store.checkpoint()),
    write(batch, checkpoint) {
      use((opened, { context, live, retention }) => {
        let outcome = opened.store.write(batch, checkpoint, context.origins);
        if (!outcome.stored) {
          resolveForeignRows(settings, opened, context, outcome.foreignRow);
          outcome = opened.store.write(batch, checkpoint, context.origins);
          if (!outcome.stored) throw temporary(`another program adds connections to ${settings.file}`);
        }
        live.settle();
        if (outcome.dropped > 0)
          context.log.warn('too many incidents refer to unknown connections: discarded the oldest', {
            incidents: outcome.dropped,
          });
        retention?.stepIfDue();
      });
    },
    async forget(isForgotten) {
      const { database } = use((opened) => opened);
      try {
        const { attacks, connections, waiting, texts } = await forgetAttacks(database, isForgotten);
        const problem = await vacuum(database, settings.file);
        running?.live.settle();
        const elsewhere =
          texts === 0 ? '' : `, and the address from ${formatCount(texts, 'row')} of other attacks,`;
        const removed = `removed ${formatCount(attacks, 'attack')} (${formatCount(connections, 'connection')}) and ${formatCount(waiting, 'waiting incident')}${elsewhere} from ${settings.file}`;
        return problem === undefined
          ? removed
          : `${removed}; cannot rewrite the file (${problem}), so unused parts of it may still contain copies: run the command again`;
      } catch (error) {
        throw explainFailure(error, settings.file);
      }
    },
    reopen() {
      use(() => undefined);
    },
    async close() {
      const closing = running;
      running = undefined;
      await closing?.retention?.stop();
      closing?.live.close();
    },
  });
}
