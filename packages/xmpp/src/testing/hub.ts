import { host } from '@ihandler/test-support/host';
import { recordIncidents } from '@ihandler/testkit';
import xmppSource, { type XmppSourceOptions } from '../source.ts';

/** A hub that keeps all it hears in rooms; its clock is ahead by `ahead` milliseconds. */
export async function hub(options: XmppSourceOptions, ahead = 0) {
  const recorder = recordIncidents();
  const dispatcher = await host([{ handler: recorder }]);
  const log: string[] = [];
  return {
    kept: recorder.incidents,
    dispatcher,
    /** What it logged. */
    log,
    /** Begins to listen; resolves when it is in its rooms. */
    async listen() {
      const end = new AbortController();
      let isThere: () => void = () => {};
      const there = new Promise<void>((resolve) => {
        isThere = resolve;
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
              if (text === 'is in its rooms') isThere();
            },
          },
        });
      const running = dispatcher.run({ ...source, run }, { signal: end.signal });
      running.catch(() => undefined);
      await there;
      return {
        async stop() {
          end.abort();
          await running;
        },
      };
    },
  };
}
