import { createIncident } from '@ihandler/core';
import { host, until } from '@ihandler/test-support/host';
import { describeService, freePort, selfSigned, startProsody } from '@ihandler/test-support/servers';
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

/** A sensor with an incident to publish; `others` is another handler of it. */
async function sensorAt(url: string) {
  const others = recordIncidents();
  const handler = xmpp({ url, username: 'pot@localhost', password: 'one', rooms: [{ room }] });
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
  it('the handler reports a room for members only, and joins when its owner adds the account', async () => {
    const server = await startProsody(
      { pot: 'one', owner: 'two' },
      '',
      'muc_room_default_members_only = true',
    );
    onTestFinished(() => server.stop());
    const account = { url: server.url, user: 'owner', domain: 'localhost', password: 'two' };
    const { signal } = new AbortController();
    let session: Session | undefined;
    const rooms = createRooms(() => {
      if (session === undefined) throw new Error('expected a session');
      return session;
    });
    const settings = { ...account, nick: 'owner', resource: undefined, insecure: false, tls: undefined };
    session = await openSession(settings, (stanza) => void rooms.accept(stanza), signal);
    onTestFinished(() => session?.close());
    await rooms.join(room);

    const { sensor, failure } = await sensorAt(server.url);
    expect(failure).toMatch(
      /Cannot join the room closed@rooms.localhost: registration-required.*members only: its owner must add this account/,
    );
    const item = xml('item', { affiliation: 'member', jid: 'pot@localhost' });
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/muc#admin' }, item);
    await session.ask(xml('iq', { type: 'set', to: room }, query));
    await until(() => sensor.status()[0]?.counts.delivered === 1);
  });

  it.each(['xmpp', 'xmpps'])(
    'the handler rejects an untrusted certificate, and accepts it with "tls.ca" or "tls.insecure": %s',
    async (protocol) => {
      const { cert, key, remove } = selfSigned();
      onTestFinished(remove);
      const certificate = `{ certificate = ${JSON.stringify(cert)}, key = ${JSON.stringify(key)} }`;
      const directPort = await freePort();
      const direct = `c2s_direct_tls_ports = { ${directPort} }\nc2s_direct_tls_ssl = ${certificate}`;
      const server = await startProsody({ pot: 'one' }, `ssl = ${certificate}\n${direct}`);
      onTestFinished(() => server.stop());
      const url = protocol === 'xmpp' ? server.url : `xmpps://localhost:${directPort}`;
      const { failure } = await sensorAt(url);
      expect(failure).toMatch(/certificate is not trusted: set "tls.ca"/);
      const account = { url, username: 'pot@localhost', password: 'one', rooms: [{ room }] };
      for (const tls of [{ ca: cert }, { insecure: true }]) {
        const trusting = await host([{ handler: xmpp({ ...account, tls }) }]);
        await trusting.report([offer]);
        expect(await trusting.drain({ stalledAfter: 20_000 })).toEqual([]);
      }
    },
  );
});
