import { createIncident } from '@ihandler/core';
import { host, until } from '@ihandler/test-support/host';
import { describeService, selfSigned, startProsody } from '@ihandler/test-support/servers';
import { recordIncidents } from '@ihandler/testkit';
import { xml } from '@xmpp/client';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createRooms } from './connection/muc.ts';
import { openSession, type Session } from './connection/session.ts';
import xmpp from './handler.ts';

vi.setConfig({ testTimeout: 60_000 });

const room = 'closed@rooms.localhost';

const offer = createIncident({
  id: 's:1',
  origin: 'dionaea.download.offer',
  timestamp: 1,
  sensor: 'pot',
  data: { url: 'http://198.51.100.7/' },
});

/** A sensor that has something to say; `others` is a handler beside it. */
async function sensorAt(service: string) {
  const others = recordIncidents();
  const handler = xmpp({ service, username: 'pot@localhost', password: 'one', rooms: [{ room }] });
  const sensor = await host([{ handler }, { handler: others }]);
  await sensor.report([offer]);
  await until(() => sensor.status()[0]?.failure !== undefined);
  expect(sensor.status()).toMatchObject([
    { state: 'waiting', counts: { dead: 0 } },
    { counts: { delivered: 1 } },
  ]);
  return { sensor, failure: sensor.status()[0]?.failure ?? '' };
}

describeService('prosody', () => {
  it('a room that is for members only says so, and is entered when its owner makes us one', async () => {
    const server = await startProsody(
      { pot: 'one', owner: 'two' },
      '',
      'muc_room_default_members_only = true',
    );
    onTestFinished(() => server.stop());
    const account = { service: server.service, user: 'owner', domain: 'localhost', password: 'two' };
    const { signal } = new AbortController();
    let session: Session | undefined;
    const rooms = createRooms(() => {
      if (session === undefined) throw new Error('expected a session');
      return session;
    });
    const settings = { ...account, nick: 'owner', resource: undefined, insecure: false };
    session = await openSession(settings, (stanza) => void rooms.take(stanza), signal);
    onTestFinished(() => session?.close());
    await rooms.join(room);

    const { sensor, failure } = await sensorAt(server.service);
    expect(failure).toMatch(
      /The room closed@rooms.localhost does not let us in: registration-required.*members only: its owner must make this account one/,
    );
    const item = xml('item', { affiliation: 'member', jid: 'pot@localhost' });
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/muc#admin' }, item);
    await session.ask(xml('iq', { type: 'set', to: room }, query));
    await until(() => sensor.status()[0]?.counts.delivered === 1);
  });

  it('a certificate that is not trusted is told, with what to do', async () => {
    const { cert, key, remove } = selfSigned();
    onTestFinished(remove);
    const server = await startProsody(
      { pot: 'one' },
      `ssl = { certificate = ${JSON.stringify(cert)}, key = ${JSON.stringify(key)} }`,
    );
    onTestFinished(() => server.stop());
    const { failure } = await sensorAt(server.service);
    expect(failure).toMatch(/certificate is not trusted: start ihandler with NODE_EXTRA_CA_CERTS/);
  });
});
