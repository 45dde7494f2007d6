import { defineHandler, type HandlerContext, temporary, type WritingHandler } from '@ihandler/core';
import { adopt, describeWriters, SWITCH_OFF } from './database/adopt.ts';
import { createLiveDatabase, type LiveDatabase, type Opened } from './database/live-database.ts';
import { openDatabase } from './database/open-database.ts';
import { otherWriters } from './database/other-writers.ts';
import { explainFailure, explainOpening } from './database/sqlite-failure.ts';
import { type LogSqliteOptions, parseLogSqliteOptions, type Settings } from './options.ts';
import { forgetAttacks } from './retention/forget-attacks.ts';
import { createRetention, type Retention } from './retention/retention.ts';
import { vacuum } from './retention/vacuum.ts';
import { createAttackStore } from './write/attack-store.ts';

export type { LogSqliteOptions } from './options.ts';

interface Running {
  readonly context: HandlerContext;
  readonly live: LiveDatabase;
  readonly retention: Retention;
}

/**
 * Somebody else added connections. When nobody has the file open any more, that is over, and they stay as they are;
 * otherwise it is an error that passes when dionaea's own handler is switched off.
 */
function settleStrangers(
  { file }: Settings,
  { store }: Opened,
  context: HandlerContext,
  stranger: number,
): void {
  const writers = otherWriters(file);
  if (writers?.length !== 0) {
    // Without knowing who it is, only the operator can tell that it is over.
    const who = writers === undefined ? '' : ` (${describeWriters(writers)})`;
    const then = writers === undefined ? ' and restart ihandler with "adopt: true"' : '';
    throw temporary(
      `${file}: somebody else adds connections${who}, the newest is number ${stranger}. If that is dionaea, ${SWITCH_OFF}${then}. What waits is written then.`,
    );
  }
  context.log.warn('Connections were added that are not ours; nobody adds any now, so they stay', {
    file,
    newest: stranger,
  });
  store.acceptStrangers();
}

async function adoptIfAsked(settings: Settings, context: HandlerContext): Promise<void> {
  if (!settings.adopt) return;
  const { database, contents } = openDatabase(settings, context.durable);
  if (contents === 'dionaea') return adopt(database, settings.file, context);
  try {
    if ((otherWriters(settings.file) ?? []).length === 0) createAttackStore(database).acceptStrangers();
  } catch (error) {
    throw explainOpening(error, settings.file);
  } finally {
    database.close();
  }
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Writes attacks to a SQLite database with dionaea's tables; rows and checkpoint in one transaction. */
export default function logSqlite(options: LogSqliteOptions): WritingHandler {
  const settings = parseLogSqliteOptions(options);
  let running: Running | undefined;

  /** Runs something on the open database; what fails says where and what to do. */
  function use<T>(action: (opened: Opened, running: Running) => T): T {
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
      running = { context, live, retention: createRetention(settings, live, context) };
    },
    checkpoint: () => use(({ store }) => store.checkpoint()),
    write(batch, checkpoint) {
      use((opened, { context, live, retention }) => {
        let outcome = opened.store.write(batch, checkpoint);
        if (!outcome.stored) {
          settleStrangers(settings, opened, context, outcome.stranger);
          outcome = opened.store.write(batch, checkpoint);
          if (!outcome.stored) throw temporary(`${settings.file}: somebody else adds connections`);
        }
        live.settle();
        if (outcome.givenUp > 0)
          context.log.warn('Too much waits for connections that nobody announced: the oldest was given up', {
            incidents: outcome.givenUp,
          });
        retention.afterWrite();
      });
    },
    async forget(isForgotten) {
      const { database } = use((opened) => opened);
      try {
        const { attacks, connections, waiting } = await forgetAttacks(database, isForgotten);
        const problem = await vacuum(database, settings.file);
        running?.live.settle();
        const removed = `removed ${counted(attacks, 'attack')} (${counted(connections, 'connection')}) and ${counted(waiting, 'waiting incident')} from ${settings.file}`;
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
    close() {
      const closing = running;
      running = undefined;
      closing?.retention.close();
      closing?.live.close();
    },
  });
}
