import { type HpfeedsBroker, startHpfeedsBroker } from '@ihandler/test-support/servers';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, it } from 'vitest';
import { CHANNELS } from './dionaea-messages.ts';
import hpfeeds from './index.ts';
import { WHOLE_INCIDENTS } from './options.ts';

let broker: HpfeedsBroker;
beforeAll(async () => {
  const publish = [...Object.values(CHANNELS), WHOLE_INCIDENTS];
  broker = await startHpfeedsBroker({ users: { sensor: { secret: 'one', publish, subscribe: [] } } });
});
afterAll(() => broker.stop());

describeHandler(it, () =>
  hpfeeds({ server: '127.0.0.1', port: broker.port, ident: 'sensor', secret: 'one' }),
);
