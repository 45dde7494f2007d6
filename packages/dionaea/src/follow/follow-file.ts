import { setTimeout as wait } from 'node:timers/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import { createSeldom } from '../seldom.ts';
import { FileTrouble } from './file-trouble.ts';
import { createFollower } from './follower.ts';
import type { FollowSettings } from './options.ts';
import { readState } from './state.ts';

/**
 * Follows a file that a dionaea writes until the signal aborts: reads what is added, and after a rotation first what was
 * left in the earlier part, then the parts after it, each line once.
 */
export async function followFile(settings: FollowSettings, context: SourceContext): Promise<void> {
  const { signal } = context;
  const warn = createSeldom(context);
  const follower = createFollower({ settings, context, warn }, readState(await context.state()));

  async function step(): Promise<'at once' | 'later'> {
    try {
      return await follower.step();
    } catch (error) {
      if (!(error instanceof FileTrouble)) throw error;
      warn('cannot be read at the moment', { file: settings.file, error: error.message });
      await follower.letGo();
      return 'later';
    }
  }
  try {
    while (!signal.aborted) if ((await step()) === 'later') await wait(settings.poll, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    context.log.debug('stopped', { reason: describeError(error) });
  } finally {
    await follower.letGo();
  }
}
