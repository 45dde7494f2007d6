import type { RetentionTimer } from '@ihandler/attack-log';
import { defineHandler, type HandlerContext, temporary, type WritingHandler } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import { adopt, describeWriters, SWITCH_OFF } from './database/adopt.ts';
import { explainFailure, explainOpening } from './database/failure.ts';
import { createLiveDatabase, type LiveDatabase, type OpenDatabase } from './database/live-database.ts';
import { openDatabase } from './database/open-database.ts';
import { otherWriters } from './database/other-writers.ts';
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
 * Somebody else added connections. When nobody has the file open any more, that is over, and they stay as they are;
 * otherwise it is an error that passes when dionaea's own handler is switched off.
 */
function resolveForeignRows(
  { file }: Settings,
  { store }: OpenDatabase,
  context: HandlerContext,
  foreignRow: number,
): void {
  const writers = otherWriters(file);
  if (writers?.length !== 0) {
    // Without knowing who it is, only the operator can tell that it is over.
    const who = writers === undefined ? '' : ` (${describeWriters(writers)})`;
    const then = writers === undefined ? ' and restart ihandler with "adopt: true"' : '';
    throw temporary(
      `${file}: somebody else adds connections${who}, the newest is number ${foreignRow}. If that is dionaea, ${SWITCH_OFF}${then}. What waits is written then.`,
    );
  }
  context.log.warn('Connections were added that are not ours; nobody adds any now, so they stay', {
    file,
    newest: foreignRow,
  });
  store.acceptForeignRows();
}

async function adoptIfAsked(settings: Settings, context: HandlerContext): Promise<void> {
  if (!settings.adopt) return;
  const { database, contents } = openDatabase(settings, context.durable);
  if (contents === 'dionaea') return adopt(database, settings.file, context);
  try {
    if ((otherWriters(settings.file) ?? []).length === 0) createAttackStore(database).acceptForeignRows();
  } catch (error) {
    throw explainOpening(error, settings.file);
  } finally {
    database.close();
  }
}

/** Writes attacks to a SQLite database with dionaea's tables; rows and checkpoint in one transaction. */
export default function logSqlite(options: LogSqliteOptions): WritingHandler {
  const settings = parseLogSqliteOptions(options);
  let running: Running | undefined;

  /** Runs something on the open database; what fails says where and what to do. */
  function use<T>(action: (opened: OpenDatabase, running: Running) => T): T {
    if (running === undefined) throw new Error('log-sqlite was used before start, or after close.');
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
        let outcome = opened.store.write(batch, checkpoint);
        if (!outcome.stored) {
          resolveForeignRows(settings, opened, context, outcome.foreignRow);
          outcome = opened.store.write(batch, checkpoint);
          if (!outcome.stored) throw temporary(`${settings.file}: somebody else adds connections`);
        }
        live.settle();
        if (outcome.dropped > 0)
          context.log.warn('Too much waits for connections that nobody announced: the oldest was given up', {
            incidents: outcome.dropped,
          });
        retention?.stepIfDue();
      });
    },
    async forget(isForgotten) {
      const { database } = use((opened) => opened);
      try {
        const { attacks, connections, waiting } = await forgetAttacks(database, isForgotten);
        const problem = await vacuum(database, settings.file);
        running?.live.settle();
        const removed = `removed ${formatCount(attacks, 'attack')} (${formatCount(connections, 'connection')}) and ${formatCount(waiting, 'waiting incident')} from ${settings.file}`;
        return problem === undefined
          ? removed
          : `${removed}; its file could not be rewritten (${problem}), so unused parts of it may still hold copies: run it again`;
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
