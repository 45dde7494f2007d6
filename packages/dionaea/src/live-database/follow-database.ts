import { setTimeout as wait } from 'node:timers/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import { createThrottledLog } from '@ihandler/core/kit';
import { explainDatabaseError, loadDriver } from '../database/open-database.ts';
import { DatabaseFollower } from './database-follower.ts';
import type { LiveDatabaseSettings } from './options.ts';
import { readState } from './state.ts';

function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'TARGET_UNREADABLE';
}

/**
 * Follows a dionaea's database until the signal aborts: each row that is added becomes an incident once. Retries later while
 * the database is locked, missing or damaged.
 */
export async function followDatabase(settings: LiveDatabaseSettings, context: SourceContext): Promise<void> {
  const { file, poll } = settings;
  const { signal } = context;
  const warnings = createThrottledLog(context.log.warn);
  let hostError: unknown;
  let isBlocked = false;
  // An error of the host must end the run, even one that looks like an error of the database.
  const host: SourceContext = {
    ...context,
    async report(...args) {
      try {
        await context.report(...args);
      } catch (error) {
        hostError = error;
        throw error;
      }
    },
  };
  await loadDriver();
  const follower = new DatabaseFollower(settings, host, readState(await context.state()));

  async function step(): Promise<void> {
    try {
      await follower.step();
      if (isBlocked) context.problem?.(undefined);
      isBlocked = false;
    } catch (error) {
      const explained = explainDatabaseError(file, error);
      if (error === hostError || !isUnreadable(explained)) throw error;
      warnings.log('cannot read the database; retrying', { file, error: explained.message });
      isBlocked = true;
      context.problem?.(explained.message);
      follower.close();
    }
  }
  try {
    while (!signal.aborted) {
      await step();
      await wait(poll, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    context.log.debug('stopped', { reason: describeError(error) });
  } finally {
    follower.close();
    warnings.flush();
  }
}
