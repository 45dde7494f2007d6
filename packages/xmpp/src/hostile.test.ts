import { host, until } from '@ihandler/test-support/host';
import { describeService, type Prosody, startProsody } from '@ihandler/test-support/servers';
import { xml } from '@xmpp/client';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { Element } from './connection/session.ts';
import xmpp from './handler.ts';
import type { XmppSourceOptions } from './source.ts';
import { hub as hubOf } from './testing/hub.ts';
import { member } from './testing/member.ts';
import { offer } from './testing/offer.ts';
import { incidentElement } from './write/incident-element.ts';

vi.setConfig({ testTimeout: 90_000 });

describeService('prosody', () => {
  let server: Prosody;
  let room = '';
  let rooms = 0;
  beforeAll(async () => {
    server = await startProsody({ pot: 'one', hub: 'two', eve: 'three' });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    rooms += 1;
    room = `room${rooms}@rooms.localhost`;
  });

  const by = (user: string, password: string) => ({
    url: server.url,
    username: `${user}@localhost`,
    password,
  });

  const hub = (options: Partial<XmppSourceOptions> = {}) =>
    hubOf({ ...by('hub', 'two'), rooms: [room], ...options });

  async function sensor(nick?: string) {
    const handler = xmpp({ ...by('pot', 'one'), rooms: [{ room }], ...(nick !== undefined && { nick }) });
    return host([{ handler }]);
  }

  const saying = (...incidents: readonly ReturnType<typeof offer>[]): readonly Element[] =>
    incidents.map((incident) =>
      xml(
        'message',
        { type: 'groupchat', to: room },
        incidentElement({ incident, after: undefined }),
        xml('store', { xmlns: 'urn:xmpp:hints' }),
      ),
    );

  it('the source rejects incidents of a stream that another occupant began: live, after a restart, and from the archive', async () => {
    const { kept, listen, dispatcher: hive } = await hub();
    const pot = await sensor();
    const eve = await member(server.url, 'eve', 'three');
    await eve.join(room);
    const first = await listen();
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    // A high ordinal of the stream of pot, a report of its handler, and its retried dead letter.
    for (const stanza of saying(offer(9_000_000), offer(1, 's/virustotal/0'), offer(7, 's~7')))
      await eve.session.send(stanza);
    await until(() => hive.sources()[0]?.rejected === 3);
    await first.stop();
    for (const stanza of saying(offer(8_000_000), offer(5, 'own'))) await eve.session.send(stanza);
    await listen();
    await until(() => kept.length === 2);
    await pot.report([offer(2)]);
    await until(() => kept.length === 3);
    expect(kept.map(({ id }) => id)).toEqual(['s:1', 'own:5', 's:2']);
    expect(hive.sources()[0]).toMatchObject({ rejected: 1 });
  });

  it('a sensor continues its stream when it returns under another nick', async () => {
    const { kept, listen } = await hub();
    await listen();
    const pot = await sensor('first');
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    await pot.close();
    const again = await sensor('second');
    await again.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('a sensor may publish its stream in several rooms, and no other occupant can in any of them', async () => {
    const other = `other${rooms}@rooms.localhost`;
    const { kept, listen, dispatcher: hive } = await hub({ rooms: [room, other] });
    await listen();
    const said = [{ room }, { room: other, mask: false }];
    const pot = await host([{ handler: xmpp({ ...by('pot', 'one'), rooms: said }) }]);
    await pot.report([offer(1)]);
    // A journal in memory may have let go of the first one by now.
    const repeated = () => (hive.sources()[0]?.known ?? 0) + (hive.sources()[0]?.assumed ?? 0);
    await until(() => repeated() === 1);
    const eve = await member(server.url, 'eve', 'three');
    for (const each of [room, other]) await eve.join(each);
    const [stanza] = saying(offer(9_000_000));
    for (const to of [room, other])
      await eve.session.send(
        xml('message', { type: 'groupchat', to }, ...(stanza?.getChildElements() ?? [])),
      );
    await until(() => hive.sources()[0]?.rejected === 2);
    await pot.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('with "streams: anyone" every occupant may continue a stream', async () => {
    const { kept, listen } = await hub({ streams: 'anyone' });
    await listen();
    const pot = await sensor();
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    const eve = await member(server.url, 'eve', 'three');
    await eve.join(room);
    for (const stanza of saying(offer(2))) await eve.session.send(stanza);
    await until(() => kept.length === 2);
  });

  it('the source ignores messages from outside the room, whatever they look like', async () => {
    const { kept, listen, dispatcher: hive } = await hub({ resource: 'known', nick: 'listener' });
    await listen();
    const eve = await member(server.url, 'eve', 'three', 'pot-eve');
    const to = 'hub@localhost/known';
    const inside = saying(offer(1))[0] ?? xml('message');
    // A message that looks like one of a room, and one that looks like one of an archive; eve sends both directly.
    const forwarded = xml(
      'forwarded',
      { xmlns: 'urn:xmpp:forward:0' },
      xml('message', { from: `${room}/pot`, type: 'groupchat' }, ...inside.getChildElements()),
    );
    const result = xml('result', { xmlns: 'urn:xmpp:mam:2', queryid: 'q1', id: 'a1' }, forwarded);
    await eve.session.send(xml('message', { type: 'groupchat', to }, ...inside.getChildElements()));
    await eve.session.send(xml('message', { to }, result));
    await eve.join(room);
    // A private message through the room has the address of the room as its sender.
    await eve.session.send(
      xml('message', { to: `${room}/listener`, type: 'chat' }, ...inside.getChildElements()),
    );
    await eve.session.send(xml('message', { to: `${room}/listener`, type: 'chat' }, result));
    const pot = await sensor();
    await pot.report([offer(2)]);
    await until(() => kept.length === 1);
    expect(kept.map(({ id }) => id)).toEqual(['s:2']);
    expect(hive.sources()[0]).toMatchObject({ accepted: 1, rejected: 0 });
  });

  it('the source ignores a forged timestamp', async () => {
    const { kept, listen } = await hub();
    await listen();
    const eve = await member(server.url, 'eve', 'three');
    await eve.join(room);
    const delay = xml('delay', { xmlns: 'urn:xmpp:delay', stamp: '1999-01-01T00:00:00Z', from: room });
    const dionaea = (url: string) =>
      xml(
        'body',
        {},
        xml(
          'dionaea',
          { xmlns: 'http://dionaea.carnivore.it', incident: 'dionaea.download.offer' },
          xml('offer', { url, ref: '1' }),
        ),
      );
    await eve.session.send(xml('message', { type: 'groupchat', to: room }, dionaea('old'), delay));
    await eve.session.send(xml('message', { type: 'groupchat', to: room }, dionaea('now')));
    await until(() => kept.some(({ data }) => JSON.stringify(data).includes('now')));
    for (const { timestamp } of kept) expect(timestamp).toBeGreaterThan(Date.parse('2020-01-01'));
  });

  it('handler and source rejoin a room after a kick, and lose nothing', async () => {
    const owner = await member(server.url, 'eve', 'three');
    await owner.join(room);
    const { kept, listen } = await hub({ nick: 'listener' });
    await listen();
    const pot = await sensor('speaker');
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
    await owner.administer(room, { nick: 'listener', role: 'none' });
    await owner.administer(room, { nick: 'speaker', role: 'none' });
    await pot.report([offer(2)]);
    await until(() => kept.length === 2);
    expect(kept.map(({ id }) => id)).toEqual(['s:1', 's:2']);
    await owner.destroy(room);
    await pot.report([offer(3)]);
    await until(() => /gone.*The room was destroyed/.test(pot.status()[0]?.failure ?? ''));
    expect(pot.status()).toMatchObject([{ counts: { dead: 0 } }]);
  });

  it('a banned handler reports the ban, and resumes when it is lifted', async () => {
    const owner = await member(server.url, 'eve', 'three');
    await owner.join(room);
    const pot = await sensor('speaker');
    await pot.report([offer(1)]);
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    await owner.administer(room, { jid: 'pot@localhost', affiliation: 'outcast' });
    await pot.report([offer(2)]);
    await until(() => /This account is banned/.test(pot.status()[0]?.failure ?? ''));
    await owner.administer(room, { jid: 'pot@localhost', affiliation: 'none' });
    await until(() => pot.status()[0]?.counts.delivered === 2);
    expect(pot.status()).toMatchObject([{ counts: { dead: 0 } }]);
  });

  it('a handler without voice reports it, and resumes when it gets one', async () => {
    const owner = await member(server.url, 'eve', 'three');
    await owner.join(room);
    await owner.configure(room, { 'muc#roomconfig_moderatedroom': '1' });
    const pot = await sensor('speaker');
    await pot.report([offer(1)]);
    await until(() => /a moderator must give this account a voice/.test(pot.status()[0]?.failure ?? ''));
    await owner.configure(room, { 'muc#roomconfig_moderatedroom': '0' });
    await until(() => pot.status()[0]?.counts.delivered === 1);
  });

  it('a handler whose nick is taken joins under another one', async () => {
    const eve = await member(server.url, 'eve', 'three', 'speaker');
    await eve.join(room);
    const { kept, listen } = await hub();
    await listen();
    const pot = await sensor('speaker');
    await pot.report([offer(1)]);
    await until(() => kept.length === 1);
  });
});

describeService('prosody', () => {
  it('a room created on a Prosody with default settings is unlocked and persistent, with its archive', async () => {
    const server = await startProsody(
      { pot: 'one', hub: 'two' },
      '',
      'muc_room_locking = true\nmuc_room_default_persistent = false',
    );
    onTestFinished(() => server.stop());
    const { url } = server;
    const room = 'new@rooms.localhost';
    const pot = await host([
      { handler: xmpp({ url, username: 'pot@localhost', password: 'one', rooms: [{ room }] }) },
    ]);
    await pot.report([offer(1)]);
    expect(await pot.drain({ stalledAfter: 20_000 })).toEqual([]);
    await pot.close();
    const { kept, listen } = await hubOf({
      url,
      username: 'hub@localhost',
      password: 'two',
      rooms: [room],
      from: 'beginning',
    });
    await listen();
    await until(() => kept.length === 1);
  });
});
