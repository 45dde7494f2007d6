import { startHpfeedsBroker } from '@ihandler/test-support/servers';
import { describe, expect, it } from 'vitest';
import { connectBroker } from './broker-connection.ts';
import { publishFrame, subscribeFrame } from './frame.ts';

describe('the broker of these tests', () => {
  it('refuses a wrong secret, and channels that an identity may not use', async () => {
    const broker = await startHpfeedsBroker({ users: { a: { secret: 's', publish: ['x'], subscribe: [] } } });
    const by = { server: '127.0.0.1', port: broker.port, ident: 'a', tls: undefined };
    const { signal } = new AbortController();
    await expect(connectBroker({ ...by, secret: 'no' }, () => undefined, signal)).rejects.toThrow(
      /Authentication/,
    );
    for (const frame of [
      publishFrame('a', 'y', Buffer.from('')),
      subscribeFrame('a', 'x'),
      publishFrame('b', 'x', Buffer.from('')),
    ]) {
      const connection = await connectBroker({ ...by, secret: 's' }, () => undefined, signal);
      await connection.send(frame);
      expect((await connection.ended).message).toMatch(/Authorisation failed|not AUTH/);
    }
    expect(broker.published()).toBe(0);
    await broker.stop();
  });
});
