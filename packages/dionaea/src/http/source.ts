import { defineSource, type Source } from '@ihandler/core';
import { createHttpPort, isOwnLine, type ReadLine, readOwnLine } from '@ihandler/http';
import { createLineReader } from '../log-incident/read-line.ts';
import { type DionaeaHttpOptions, postersOf, readHttpOptions } from './options.ts';
import { openSampleKeeper } from './sample-keeper.ts';

export type { DionaeaHttpOptions } from './options.ts';

/** The deepest line that the port lets through. */
const maxDepth = 100;

/**
 * A source that a dionaea posts its incidents to (the `http` handlers of its log_incident), each line of a post in that
 * form or in ours. Listens until the signal aborts. Throws `OPTIONS_INVALID` for what does not fit; its
 * run rejects with `TARGET_UNREADABLE` when the port, the certificate or the folder of samples cannot be had.
 */
export default function dionaeaHttp(options: DionaeaHttpOptions): Source {
  const settings = readHttpOptions(options);
  return defineSource({
    name: 'dionaea-http',
    async run(context) {
      const keeper = settings.samples && openSampleKeeper(settings.samples, context);
      const port = createHttpPort(
        { ...settings, name: 'dionaea-http', senders: postersOf(settings) },
        ({ sender, stream, sensor: host }): ReadLine => {
          const { local } = sender;
          const sensor = sender.sensor ?? settings.sensor ?? host;
          const read = createLineReader({ sensor, stream, maxDepth, paths: settings.paths, local });
          return (text, ordinal) => {
            if (isOwnLine(text)) return readOwnLine(text);
            const incident = read(text, ordinal);
            return typeof incident === 'string' || !local || keeper === undefined
              ? incident
              : keeper.keep(incident);
          };
        },
      );
      await port.run(context);
      keeper?.close();
    },
  });
}
