import { defineSource, type Source } from '@ihandler/core';
import { mountFindings, rotatedToFindings, samplePathFindings } from '../check-source.ts';
import { followFile } from './follow-file.ts';
import { type DionaeaFollowOptions, readFollowOptions } from './options.ts';

export type { DionaeaFollowOptions } from './options.ts';

/**
 * A source that follows the file of dionaea's log_incident until the signal aborts, across every kind of rotation and
 * restarts. Its incidents have the ids that an import of the same file gives. Throws `OPTIONS_INVALID` for invalid
 * options. While a file cannot be read, the source waits.
 */
export default function dionaeaFollow(options: DionaeaFollowOptions): Source {
  const settings = readFollowOptions(options);
  return defineSource({
    name: 'dionaea-follow',
    check: () => [
      ...mountFindings(settings.file),
      ...rotatedToFindings(settings.rotatedTo),
      ...samplePathFindings(settings),
    ],
    run: (context) => followFile(settings, context),
  });
}
