import { setTimeout as wait } from 'node:timers/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import { explainDatabaseError, loadDriver } from '../database/open-database.ts';
import { createSeldom } from '../seldom.ts';
import { idOfFile, type LiveDatabase, openLive } from './open-live.ts';
import type { LiveDatabaseSettings } from './options.ts';
import { passOver } from './pass.ts';
import { type LiveState, readState } from './state.ts';

function isTrouble(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'TARGET_UNREADABLE';
}

/**
 * Follows a dionaea's database until the signal aborts: rows that are added become incidents, each once. A database that is
 * locked, missing or damaged is looked at again later.
 */
export async function followDatabase(settings: LiveDatabaseSettings, context: SourceContext): Promise<void> {
  const { file, poll } = settings;
  const { signal } = context;
  const warn = createSeldom(context);
  await loadDriver();
  let state: LiveState | undefined = readState(await context.state());
  let live: LiveDatabase | undefined;
  let version: unknown;
  let refused: unknown;
  // What the host throws is no trouble with the database, whatever it looks like.
  const host: SourceContext = {
    ...context,
    async report(...args) {
      try {
        await context.report(...args);
      } catch (error) {
        refused = error;
        throw error;
      }
    },
  };

  function letGo(): void {
    live?.reading.db.close();
    live = undefined;
    version = undefined;
  }

  async function look(): Promise<void> {
    if (live === undefined) {
      live = await openLive(settings, state, host);
      if (live === undefined) return;
      ({ state } = live);
    }
    const { reading, patiently, schema } = live;
    const there = await idOfFile(file);
    const now = await patiently(() => live?.version());
    if (now !== version) {
      if ((await patiently(() => reading.db.pragma('schema_version', { simple: true }))) !== schema)
        return letGo();
      const keep = (next: LiveState) => {
        state = next;
      };
      const passed = state && (await passOver({ file, live, context: host, keep }, state));
      if (passed === undefined) return letGo();
      version = now;
    } else if (there !== undefined && there !== live.id) letGo();
  }

  try {
    while (!signal.aborted) {
      try {
        await look();
      } catch (error) {
        const trouble = explainDatabaseError(file, error);
        if (error === refused || !isTrouble(trouble)) throw error;
        warn('cannot be read at the moment', { file, error: trouble.message });
        letGo();
      }
      await wait(poll, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    context.log.debug('stopped', { reason: describeError(error) });
  } finally {
    letGo();
  }
}
