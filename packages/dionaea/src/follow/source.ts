import type { Source } from '@ihandler/core';
import { followLines } from '@ihandler/source-kit';
import { samplePathFindings } from '../check-source.ts';
import { createLogIncident } from '../log-incident/read-line.ts';
import { rootOf } from '../map-path.ts';
import { type DionaeaFollowOptions, readFollowOptions } from './options.ts';

export type { DionaeaFollowOptions } from './options.ts';

/**
 * A source that follows the file of dionaea's log_incident until the signal aborts, across every kind of rotation and
 * restarts. Its incidents have the ids that an import of the same file gives. Throws `OPTIONS_INVALID` for invalid
 * options. While a file cannot be read, the source waits.
 */
export default function dionaeaFollow(options: DionaeaFollowOptions): Source {
  const settings = readFollowOptions(options);
  return followLines({
    ...settings,
    name: 'dionaea-follow',
    format: createLogIncident({ ...settings, root: rootOf(settings) }),
    local: !settings.remote,
    check: () => samplePathFindings(settings),
  });
}
