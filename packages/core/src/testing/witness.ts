import { defineHandler, type Handler, type MaybePromise } from '../contract/handler.ts';

/** A handler whose starts and closes are written down. */
export function witness(name: string, events: string[], start: () => MaybePromise<void> = () => {}): Handler {
  return defineHandler({
    name,
    on: { '*': () => {} },
    async start() {
      events.push(`start ${name}`);
      await start();
    },
    close: () => void events.push(`close ${name}`),
  });
}
