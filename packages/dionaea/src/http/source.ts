import { defineSource, type Source } from '@ihandler/core';
import { createThrottledLog } from '@ihandler/core/kit';
import { createHttpPort, isEncodedLine, type ReadLine, readEncodedLine } from '@ihandler/http';
import { createLineReader, isCut } from '@ihandler/source-kit';
import { postedSampleFindings } from '../check-source.ts';
import { createLogIncident } from '../log-incident/read-line.ts';
import { relativePathWarning } from '../map-path.ts';
import {
  type DionaeaHttpOptions,
  dionaeaClientsOf,
  httpRootOf,
  readHttpOptions,
  sampleSettingsOf,
} from './options.ts';
import { openSampleKeeper } from './sample-keeper.ts';

export type { DionaeaHttpOptions } from './options.ts';

/** The deepest line that the port accepts. */
const maxDepth = 100;
/** The longest line in the form of ihandler, as at its own port: only lines of log_incident are cut. */
const maxEncoded = 1024 * 1024;

function tooLong(length: number): string {
  return `Expected a line of at most ${maxEncoded} characters, found ${length}.`;
}

/**
 * A source to which dionaea posts its incidents (the `http` handlers of its log_incident). Each line of a post is in the
 * form of log_incident or of ihandler. Listens until the signal aborts. Throws `OPTIONS_INVALID` for invalid options. Its
 * run rejects with `TARGET_UNREADABLE` when the port, the certificate or the folder of samples cannot be opened.
 */
export default function dionaeaHttp(options: DionaeaHttpOptions): Source {
  const settings = readHttpOptions(options);
  const root = httpRootOf(settings);
  const hasLocal = dionaeaClientsOf(settings).some(({ local }) => local);
  return defineSource({
    name: 'dionaea-http',
    check: () => postedSampleFindings(hasLocal, root, settings.paths),
    async run(context) {
      const sampleSettings = sampleSettingsOf(settings);
      const keeper = sampleSettings && openSampleKeeper(sampleSettings, context);
      const onRelative = relativePathWarning(context, true);
      const cutLog = createThrottledLog(context.log.warn);
      const port = createHttpPort(
        {
          ...settings,
          name: 'dionaea-http',
          clients: dionaeaClientsOf(settings),
          neverRefuses: true,
          maxLine: settings.maxBody,
        },
        ({ client, stream, sensor: hostSensor }): ReadLine => {
          const { local } = client;
          const sensor = client.sensor ?? settings.sensor ?? hostSensor;
          const format = createLogIncident({
            maxDepth,
            paths: settings.paths,
            root: local ? root : settings.root,
            onRelative: local ? onRelative : undefined,
          });
          const { maxLine } = settings;
          const read = createLineReader({ format, sensor, stream, maxLine, local, log: context.log });
          return (text, ordinal) => {
            if (isEncodedLine(text))
              return text.length > maxEncoded ? tooLong(text.length) : readEncodedLine(text);
            const incidents = read(text, ordinal);
            const [incident = 'Expected an incident, found none.'] =
              typeof incidents === 'string' ? [incidents] : incidents;
            if (typeof incident !== 'string' && text.length > settings.maxLine / 3 && isCut(incident))
              cutLog.log('cut the long values of incidents over "maxLine"', { sensor }, 1);
            return typeof incident === 'string' || !local || keeper === undefined
              ? incident
              : keeper.keep(incident);
          };
        },
      );
      await port.run(context);
      cutLog.flush();
      keeper?.close();
    },
  });
}
