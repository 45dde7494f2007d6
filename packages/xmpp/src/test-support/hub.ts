import { recordIncidents } from '@ihandler/testkit';
import { host } from '../../../../test/in-process/host.ts';
import xmppSource, { type XmppSourceOptions } from '../source.ts';

/** A hub that keeps all it hears in rooms. */
export async function hub(options: XmppSourceOptions) {
  const recorder = recordIncidents();
  const dispatcher = await host([{ handler: recorder }]);
  return {
    kept: recorder.incidents,
    dispatcher,
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
          log: {
            ...context.log,
            message: (text) => {
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
