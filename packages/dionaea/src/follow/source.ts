import { defineSource, type Source } from '@ihandler/core';
import { followFile } from './follow-file.ts';
import { type DionaeaFollowOptions, readFollowOptions } from './options.ts';

export type { DionaeaFollowOptions } from './options.ts';

/**
 * A source that follows the file of dionaea's log_incident until it is told to stop, across rotation of any kind and
 * restarts. Its incidents have the ids that an import of the same file gives. Throws `OPTIONS_INVALID` here; what cannot be read when it
 * runs is waited for.
 */
export default function dionaeaFollow(options: DionaeaFollowOptions): Source {
  const settings = readFollowOptions(options);
  return defineSource({
    name: 'dionaea-follow',
    run: (context) => followFile(settings, context),
  });
}
