import { setTimeout as wait } from 'node:timers/promises';
import { describeError, type SourceContext } from '@ihandler/core';
import { createThrottledLog } from '@ihandler/core/kit';
import type { FollowSettings } from '../options.ts';
import { explainFileError } from '../unreadable.ts';
import { FileError } from './file-error.ts';
import { Follower } from './follower.ts';
import { readState } from './state.ts';

/**
 * Follows a file that a sensor writes until the signal aborts: reads the lines that are added and, after a rotation, first
 * the rest of the earlier part and then the parts after it, each line once.
 */
export async function followFile(settings: FollowSettings, context: SourceContext): Promise<void> {
  const { signal } = context;
  const warnings = createThrottledLog(context.log.warn);
  const follower = new Follower(settings, context, warnings, readState(await context.state()));

  async function step(): Promise<'at once' | 'later'> {
    try {
      return await follower.step();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      warnings.log('cannot read the file; retrying', { file: settings.file, error: error.message });
      context.problem?.(describeError(explainFileError(settings.file, error.cause)));
      await follower.close();
      return 'later';
    }
  }
  try {
    while (!signal.aborted) if ((await step()) === 'later') await wait(settings.poll, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    context.log.debug('stopped', { reason: describeError(error) });
  } finally {
    await follower.close();
    warnings.flush();
  }
}
