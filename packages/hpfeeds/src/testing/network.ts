import { startHpfeedsBroker } from '@ihandler/test-support/servers';
import { onTestFinished } from 'vitest';
import { CHANNELS } from '../dionaea-messages.ts';
import { WHOLE_INCIDENTS } from '../options.ts';

const all = [...Object.values(CHANNELS), WHOLE_INCIDENTS];

/** Starts a broker with a `sensor` that may publish and a `hub` that may subscribe; it stops with the test. */
export async function network(options: Partial<Parameters<typeof startHpfeedsBroker>[0]> = {}) {
  const broker = await startHpfeedsBroker({
    users: {
      sensor: { secret: 'one', publish: all, subscribe: [] },
      hub: { secret: 'two', publish: [], subscribe: all },
    },
    ...options,
  });
  onTestFinished(() => broker.stop());
  const at = { server: '127.0.0.1', port: broker.port };
  return {
    broker,
    sensor: { ...at, ident: 'sensor', secret: 'one' },
    hub: { ...at, ident: 'hub', secret: 'two' },
  };
}
