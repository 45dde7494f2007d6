import { createIncident } from '@ihandler/core';
import { host, until } from '@ihandler/test-support/host';
import { describeService, type Prosody, startProsody } from '@ihandler/test-support/servers';
import { xml } from '@xmpp/client';
import { expect, it, onTestFinished, vi } from 'vitest';
import xmpp, { type XmppOptions } from './handler.ts';
import { checkRooms } from './read/room-listener.ts';
import type { XmppSourceOptions } from './source.ts';
import { hub as hubOf } from './testing/hub.ts';
import { member } from './testing/member.ts';
import { offer } from './testing/offer.ts';
import { incidentElement } from './write/incident-element.ts';

vi.setConfig({ testTimeout: 90_000 });

const room = 'events@rooms.localhost';

async function startServer(extra = '', roomSettings = '') {
  const server = await startProsody({ pot: 'one', hub: 'two' }, extra, roomSettings);
  onTestFinished(() => server.stop());
  return server;
}

const hub = ({ url }: Prosody, options: Partial<XmppSourceOptions> = {}, ahead = 0) =>
  hubOf({ url, username: 'hub@localhost', password: 'two', rooms: [room], ...options }, ahead);

async function sensor({ url }: Prosody, options: Partial<XmppOptions> = {}) {
  const handler = xmpp({
    url,
    username: 'pot@localhost',
    password: 'one',
    rooms: [{ room }],
    ...options,
  });
  return host([{ handler }]);
}

describeService('prosody', () => {
  it('a hub that has received nothing yet reads what is published while it is stopped', async () => {
    const server = await startServer();
    const pot = await sensor(server);
    await pot.report([offer(1)]);
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    const { kept, listen, log } = await hub(server);
    const first = await listen();
    await until(() => log.some((line) => line.includes('caught up with the archives')));
    await first.stop();
    await pot.report([offer(1, 't'), offer(2, 't')]);
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    await listen();
    await until(() => kept.length === 2);
    // The incident from before its first start is not requested.
    expect(kept.map(({ id }) => id)).toEqual(['t:1', 't:2']);
  });

  it('an archive that is shorter than the outage is read completely, with an error in the log', async () => {
    const server = await startServer('storage_archive_item_limit = 20');
    const { kept, listen, log } = await hub(server);
    const pot = await sensor(server);
    const first = await listen();
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    await first.stop();
    await pot.report(Array.from({ length: 60 }, (_, n) => offer(1, `s${n + 2}`)));
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    await listen();
    await until(() => kept.at(-1)?.id === 's61:1');
    expect(kept.length).toBeGreaterThan(15);
    expect(kept.length).toBeLessThan(61);
    expect(log.join('\n')).toMatch(
      /has deleted the position of this hub: messages may be lost; reading all that is left.*Let the server keep a longer archive/,
    );
  });

  it('a banned source is disconnected with the reason, and resumes when the ban is lifted', async () => {
    const server = await startServer();
    const { dispatcher: hive, listen, kept } = await hub(server);
    const owner = await member(server.url, 'pot', 'one');
    await owner.join(room);
    await owner.administer(room, { jid: 'hub@localhost', affiliation: 'outcast' });
    const listening = listen();
    await until(() => hive.sources()[0]?.state === 'disconnected');
    expect(hive.sources()[0]?.failure).toMatch(/This account is banned from the room/);
    await owner.administer(room, { jid: 'hub@localhost', affiliation: 'none' });
    await listening;
    const pot = await sensor(server);
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    expect(hive.sources()[0]?.state).toBe('running');
  });

  it('the source listens to a room without an archive, and logs that it has none', async () => {
    const server = await startServer('', 'modules_enabled = {}');
    const { kept, listen, log } = await hub(server, { from: 'beginning' });
    await listen();
    const pot = await sensor(server);
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    expect(log.join('\n')).toMatch(/room has no readable archive.*muc_mam/);
  });

  it('a hub with a wrong clock reads the missed incidents', async () => {
    const server = await startServer('storage_archive_item_limit = 20');
    const { kept, listen } = await hub(server, {}, 3_600_000);
    const pot = await sensor(server);
    const first = await listen();
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    await first.stop();
    await pot.report(Array.from({ length: 60 }, (_, n) => offer(1, `s${n + 2}`)));
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    await listen();
    await until(() => kept.at(-1)?.id === 's61:1');
  });

  it('a restart does not duplicate legacy incidents while an incident waits for an earlier one', async () => {
    const server = await startServer();
    const { kept, listen, dispatcher: hive } = await hub(server);
    const first = await listen();
    const pot = await member(server.url, 'pot', 'one');
    await pot.join(room);
    const say = (...parts: ReturnType<typeof xml>[]) =>
      pot.session.send(
        xml('message', { type: 'groupchat', to: room }, ...parts, xml('store', { xmlns: 'urn:xmpp:hints' })),
      );
    const legacy = (url: string) =>
      xml(
        'body',
        {},
        xml(
          'dionaea',
          { xmlns: 'http://dionaea.carnivore.it', incident: 'dionaea.download.offer' },
          xml('offer', { url, ref: '1' }),
        ),
      );
    await say(incidentElement({ incident: offer(9), after: 5 }));
    await say(legacy('one'));
    await say(legacy('two'));
    await until(() => kept.length === 2);
    await first.stop();
    await say(legacy('three'));
    await say(incidentElement({ incident: offer(5), after: undefined }));
    await listen();
    await until(() => kept.length === 5);
    expect(hive.sources()[0]).toMatchObject({ accepted: 3, rejected: 0 });
    expect(kept.filter(({ id }) => id.startsWith('s:')).map(({ id }) => id)).toEqual(['s:5', 's:9']);
  });

  it('a session ends when a room has lost it', async () => {
    const server = await startServer();
    const pot = await member(server.url, 'pot', 'one');
    await pot.join(room);
    const stop = checkRooms(pot.session, { nickIn: () => 'pot' }, [room], 20);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(pot.session.isOpen()).toBe(true);
    stop();
    const other = await member(server.url, 'hub', 'two');
    onTestFinished(checkRooms(other.session, { nickIn: () => 'hub' }, [room], 20));
    expect((await other.session.ended).message).toMatch(
      /This account is not in the room .* any more: not-acceptable/,
    );
  });

  it('the handler reports a stanza that is larger than the limit of the server', async () => {
    const server = await startServer('c2s_stanza_size_limit = 20000');
    const pot = await sensor(server);
    await pot.report([createIncident({ ...offer(1), data: { url: 'x'.repeat(50_000) } })]);
    await until(() => pot.status()[0]?.failure !== undefined);
    expect(pot.status()[0]?.failure).toMatch(/lower "maxStanzaSize"/);
  });
});
