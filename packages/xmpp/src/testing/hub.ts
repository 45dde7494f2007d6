import { host, keepRunning } from '@ihandler/test-support/host';
import { recordIncidents } from '@ihandler/testkit';
import xmppSource, { type XmppSourceOptions } from '../source.ts';

/** A hub that records the incidents of rooms; its clock is ahead by `ahead` milliseconds. */
export async function hub(options: XmppSourceOptions, ahead = 0) {
  const recorder = recordIncidents();
  const dispatcher = await host([{ handler: recorder }]);
  const log: string[] = [];
  return {
    kept: recorder.incidents,
    dispatcher,
    /** The lines that the source has logged. */
    log,
    /** Starts a source, as a restart of the program does; resolves when it has joined its rooms. */
    async listen() {
      const end = new AbortController();
      let onJoined: () => void = () => {};
      const joined = new Promise<void>((resolve) => {
        onJoined = resolve;
      });
      const source = xmppSource(options);
      const run: typeof source.run = (context) =>
        source.run({
          ...context,
          now: () => context.now() + ahead,
          log: {
            ...context.log,
            warn: (text, details) => void log.push(`${text} ${JSON.stringify(details)}`),
            error: (text, details) => void log.push(`${text} ${JSON.stringify(details)}`),
            info: (text) => {
              log.push(text);
              if (text === 'joined rooms') onJoined();
            },
          },
        });
      const running = keepRunning(dispatcher, { ...source, run }, { signal: end.signal });
      running.catch(() => undefined);
      await joined;
      return {
        async stop() {
          end.abort();
          await running;
        },
      };
    },
  };
}
