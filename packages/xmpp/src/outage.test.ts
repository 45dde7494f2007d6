import { createIncident } from '@ihandler/core';
import { host, until } from '@ihandler/test-support/host';
import { describeService, type Prosody, startProsody } from '@ihandler/test-support/servers';
import { xml } from '@xmpp/client';
import { expect, it, onTestFinished, vi } from 'vitest';
import xmpp, { type XmppOptions } from './handler.ts';
import { askRooms } from './read/listening.ts';
import type { XmppSourceOptions } from './source.ts';
import { hub as hubOf } from './testing/hub.ts';
import { member } from './testing/member.ts';
import { offer } from './testing/offer.ts';
import { incidentElement } from './write/incident-element.ts';

vi.setConfig({ testTimeout: 90_000 });

const room = 'events@rooms.localhost';

async function world(extra = '', ofRooms = '') {
  const server = await startProsody({ pot: 'one', hub: 'two' }, extra, ofRooms);
  onTestFinished(() => server.stop());
  return server;
}

const hub = ({ service }: Prosody, options: Partial<XmppSourceOptions> = {}, ahead = 0) =>
  hubOf({ service, username: 'hub@localhost', password: 'two', rooms: [room], ...options }, ahead);

async function sensor({ service }: Prosody, options: Partial<XmppOptions> = {}) {
  const handler = xmpp({
    service,
    username: 'pot@localhost',
    password: 'one',
    rooms: [{ room }],
    ...options,
  });
  return host([{ handler }]);
}

describeService('prosody', () => {
  it('a hub that heard nothing yet takes what is said while it is away', async () => {
    const server = await world();
    const pot = await sensor(server);
    await pot.report([offer(1)]);
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    const { kept, listen, log } = await hub(server);
    const first = await listen();
    await until(() => log.some((line) => line.includes('has taken what it missed')));
    await first.stop();
    await pot.report([offer(1, 't'), offer(2, 't')]);
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    await listen();
    await until(() => kept.length === 2);
    // What was said before it ever came is not asked for.
    expect(kept.map(({ id }) => id)).toEqual(['t:1', 't:2']);
  });

  it('an archive that is shorter than the outage is read whole, and told', async () => {
    const server = await world('storage_archive_item_limit = 20');
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
      /has let go where we were: all that it has is read.*Let the server keep more/,
    );
  });

  it('a source that is not let in is away, says why, and is there when it is let in', async () => {
    const server = await world();
    const { dispatcher: hive, listen, log } = await hub(server);
    const owner = await member(server.service, 'pot', 'one');
    await owner.join(room);
    await owner.administer(room, { jid: 'hub@localhost', affiliation: 'outcast' });
    void listen();
    await until(() => hive.sources()[0]?.state === 'disconnected');
    expect(hive.sources()[0]?.failure).toMatch(/This account is banned from the room/);
    await owner.administer(room, { jid: 'hub@localhost', affiliation: 'none' });
    await until(() => hive.sources()[0]?.state === 'running');
    expect(log.filter((line) => line.startsWith('is away'))).toHaveLength(1);
  });

  it('a room without an archive is listened to all the same, and told', async () => {
    const server = await world('', 'modules_enabled = {}');
    const { kept, listen, log } = await hub(server, { from: 'beginning' });
    await listen();
    const pot = await sensor(server);
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    expect(log.join('\n')).toMatch(/no archive that we may read.*muc_mam/);
  });

  it('a hub whose clock is wrong takes what it missed', async () => {
    const server = await world('storage_archive_item_limit = 20');
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

  it('what old speakers said is not taken again while something waits for what went before it', async () => {
    const server = await world();
    const { kept, listen, dispatcher: hive } = await hub(server);
    const first = await listen();
    const pot = await member(server.service, 'pot', 'one');
    await pot.join(room);
    const say = (...parts: ReturnType<typeof xml>[]) =>
      pot.session.send(
        xml('message', { type: 'groupchat', to: room }, ...parts, xml('store', { xmlns: 'urn:xmpp:hints' })),
      );
    const old = (url: string) =>
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
    await say(old('one'));
    await say(old('two'));
    await until(() => kept.length === 2);
    await first.stop();
    await say(old('three'));
    await say(incidentElement({ incident: offer(5), after: undefined }));
    await listen();
    await until(() => kept.length === 5);
    expect(hive.sources()[0]).toMatchObject({ accepted: 3, rejected: 0 });
    expect(kept.filter(({ id }) => id.startsWith('s:')).map(({ id }) => id)).toEqual(['s:5', 's:9']);
  });

  it('a room that lost us, or does not answer, ends the session', async () => {
    const server = await world();
    const pot = await member(server.service, 'pot', 'one');
    await pot.join(room);
    const stop = askRooms(pot.session, { nickIn: () => 'pot' }, [room], 20);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(pot.session.isOpen()).toBe(true);
    stop();
    const other = await member(server.service, 'hub', 'two');
    onTestFinished(askRooms(other.session, { nickIn: () => 'hub' }, [room], 20));
    expect((await other.session.ended).message).toMatch(/We are not in the room .* any more: not-acceptable/);
  });

  it('a server that takes less than is sent says so, and what to do', async () => {
    const server = await world('c2s_stanza_size_limit = 20000');
    const pot = await sensor(server);
    await pot.report([createIncident({ ...offer(1), data: { url: 'x'.repeat(50_000) } })]);
    await until(() => pot.status()[0]?.failure !== undefined);
    expect(pot.status()[0]?.failure).toMatch(/lower "maxStanza"/);
  });
});
