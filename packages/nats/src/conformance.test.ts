import { describeService, type NatsServer, startNats } from '@ihandler/test-support/servers';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, it } from 'vitest';
import nats from './index.ts';

describeService('nats-server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    // The largest incidents of the suite have 1 MiB of text.
    server = await startNats('max_payload: 8MB');
  });
  afterAll(() => server.stop());

  describeHandler(it, () => nats({ url: server.url, create: {} }));
});
