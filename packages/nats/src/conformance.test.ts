import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, it } from 'vitest';
import { describeService } from '../../../test/services/available.ts';
import { type NatsServer, startNats } from '../../../test/services/nats.ts';
import nats from './index.ts';

describeService('nats-server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    // The suite's largest incidents have 1 MiB of text.
    server = await startNats('max_payload: 8MB');
  });
  afterAll(() => server.stop());

  describeHandler(it, () => nats({ servers: server.url, create: {} }));
});
