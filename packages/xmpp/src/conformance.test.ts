import { describeService, type Prosody, startProsody } from '@ihandler/test-support/servers';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, it, vi } from 'vitest';
import xmpp from './index.ts';

// Authentication takes the client library seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

describeService('prosody', () => {
  let server: Prosody;
  beforeAll(async () => {
    server = await startProsody({ pot: 'one' });
  });
  afterAll(() => server.stop());

  describeHandler(it, () =>
    xmpp({
      url: server.url,
      username: 'pot@localhost',
      password: 'one',
      rooms: [{ room: 'all@rooms.localhost' }],
    }),
  );
});
