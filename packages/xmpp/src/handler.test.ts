import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIncident, type Incident } from '@ihandler/core';
import { host, until } from '@ihandler/test-support/host';
import { describeService, type Prosody, startProsody } from '@ihandler/test-support/servers';
import { incident as example, recordings } from '@ihandler/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createRooms } from './connection/muc.ts';
import { type Element, openSession } from './connection/session.ts';
import xmpp, { type XmppOptions } from './handler.ts';
import { DIONAEA } from './legacy/dionaea-element.ts';
import { hub } from './testing/hub.ts';

const connection = {
  id: 'c1',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '10.1.2.3', port: 445 },
  remote: { host: '198.51.100.7', port: 4000, hostname: '' },
};

function offer(ordinal: number, url = `http://198.51.100.7/${ordinal}`): Incident {
  const data = { url, connection };
  return createIncident({
    id: `s:${ordinal}`,
    origin: 'dionaea.download.offer',
    timestamp: ordinal,
    sensor: 'pot',
    data,
  });
}

// Authentication takes the client library seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

describeService('prosody', () => {
  let server: Prosody;
  let room = '';
  let rooms = 0;
  beforeAll(async () => {
    server = await startProsody({ pot: 'one', hub: 'two' });
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

  function publisher(options: Partial<XmppOptions> = {}) {
    return xmpp({ ...by('pot', 'one'), rooms: [{ room, mask: false }], ...options });
  }

  async function sensor(options: Partial<XmppOptions> = {}) {
    const handler = publisher(options);
    return { handler, dispatcher: await host([{ handler }]) };
  }

  /** Joins the room as dionaea's backend does; returns the legacy stanzas that it receives. */
  async function legacyReader() {
    const heard: Element[] = [];
    const account = {
      ...by('hub', 'two'),
      user: 'hub',
      domain: 'localhost',
      nick: 'backend',
      resource: undefined,
      insecure: false,
      tls: undefined,
    };
    const end = new AbortController();
    let session: Awaited<ReturnType<typeof openSession>> | undefined;
    const joined = createRooms(() => session as Awaited<ReturnType<typeof openSession>>);
    session = await openSession(
      account,
      (stanza) => {
        if (joined.accept(stanza)) return;
        const dionaea = stanza.getChild('body')?.getChild('dionaea', DIONAEA);
        if (dionaea !== undefined) heard.push(dionaea);
      },
      end.signal,
    );
    onTestFinished(() => session?.close());
    await joined.join(room);
    return heard;
  }

  it('the source receives incidents unchanged: ids, sensors, data, bytes, and characters that XML cannot contain', async () => {
    const { kept, listen } = await hub({ ...by('hub', 'two'), rooms: [room] });
    await listen();
    const all = [
      offer(1),
      createIncident({
        id: 's:2',
        origin: 'acme.thing',
        timestamp: 0.5,
        sensor: 'é<&>',
        data: {
          bytes: new Uint8Array([0, 255]),
          lone: '\ud800',
          controls: '\0\x1b[31m\u0085\ufffe\uffff',
          zero: -0,
        },
      }),
      ...recordings.dionaea().incidents(),
    ];
    const { dispatcher } = await sensor();
    await dispatcher.report(all);
    await until(() => kept.length === all.length);
    expect(kept).toEqual(all);
  });

  it("the handler sends the legacy stanzas of dionaea's own handler", async () => {
    const heard = await legacyReader();
    const { dispatcher } = await sensor();
    const child = { ...connection, id: 'c2' };
    await dispatcher.report([
      createIncident({ ...offer(1), origin: 'dionaea.connection.tcp.accept', data: { connection } }),
      createIncident({ ...offer(2), origin: 'dionaea.connection.link', data: { parent: connection, child } }),
      offer(3),
      createIncident({ ...offer(4), origin: 'dionaea.connection.free', data: { connection } }),
    ]);
    await until(() => heard.length === 4);
    const ref = String(createHash('sha256').update('c1').digest().readUIntBE(0, 6));
    expect(
      heard.map((each) => [
        each.attrs['incident'],
        each.getChildElements().map(({ name, attrs }) => [name, attrs]),
      ]),
    ).toEqual([
      [
        'dionaea.connection.tcp.accept',
        [
          [
            'connection',
            {
              type: 'accept',
              transport: 'tcp',
              protocol: 'smbd',
              local_host: '10.1.2.3',
              local_port: '445',
              remote_host: '198.51.100.7',
              remote_hostname: '',
              remote_port: '4000',
              ref,
            },
          ],
        ],
      ],
      ['dionaea.connection.link', [['link', { child: expect.stringMatching(/^\d+$/), parent: ref }]]],
      ['dionaea.download.offer', [['offer', { url: 'http://198.51.100.7/3', ref }]]],
      ['dionaea.connection.free', [['connection', { ref }]]],
    ]);
  });

  it('the handler masks the address of the sensor by default', async () => {
    const { kept, listen } = await hub({ ...by('hub', 'two'), rooms: [room] });
    await listen();
    const { dispatcher } = await sensor({ rooms: [{ room }] });
    await dispatcher.report([offer(1, 'bindshell://10.1.2.3:4444/')]);
    await until(() => kept.length === 1);
    expect(JSON.stringify(kept)).not.toContain('10.1.2.3');
  });

  it('the handler sends to each room the incidents that its filter selects', async () => {
    const other = `other${rooms}@rooms.localhost`;
    const { kept, listen } = await hub({ ...by('hub', 'two'), rooms: [other] });
    await listen();
    const { dispatcher, handler } = await sensor({
      rooms: [{ room }, { room: other, only: ['dionaea.download.*'], except: ['*.complete*'] }],
    });
    await dispatcher.report([
      createIncident({ ...offer(1), origin: 'dionaea.connection.tcp.accept', data: { connection } }),
      createIncident({
        ...offer(2),
        ...example('dionaea.download.complete', { path: '/x', url: '' }),
        id: 's:2',
      }),
      offer(3),
    ]);
    await until(() => kept.length === 1);
    expect(kept[0]?.id).toBe('s:3');
    await until(() => handler.counters?.()['messages'] === 4);
  });

  it('the handler sends the contents of a new local sample with "contents"', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-xmpp-')));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'sample');
    writeFileSync(file, 'MZ evil');
    const heard = await legacyReader();
    const { dispatcher } = await sensor({ rooms: [{ room, contents: true }], sampleFolders: [folder] });
    const data = { file, md5hash: 'abc', url: '', connection };
    const unique = (ordinal: number, local: boolean) =>
      createIncident({ ...offer(ordinal), origin: 'dionaea.download.complete.unique', data, local });
    await dispatcher.report([unique(1, false), unique(2, true), offer(3)]);
    await until(() => heard.length === 2);
    const [sample] = heard[0]?.getChildElements() ?? [];
    expect([sample?.name, sample?.attrs, Buffer.from(sample?.getText() ?? '', 'base64').toString()]).toEqual([
      'file',
      { md5_hash: 'abc' },
      'MZ evil',
    ]);
  });

  it('the source reads missed incidents from the archive after a restart and after a server crash', async () => {
    const { kept, listen, dispatcher: hive } = await hub({ ...by('hub', 'two'), rooms: [room] });
    const { dispatcher, handler } = await sensor();
    const first = await listen();
    await dispatcher.report([offer(1)]);
    await until(() => kept.length === 1);
    await first.stop();
    await dispatcher.report(Array.from({ length: 250 }, (_, n) => offer(n + 2)));
    expect(await dispatcher.drain({ stalledAfter: 20_000 })).toEqual([]);
    await listen();
    await until(() => kept.length === 251);
    await server.kill();
    await until(() => hive.sources()[0]?.state === 'disconnected');
    expect(hive.sources()[0]?.failure).toMatch(/^XMPP at xmpp:/);
    await dispatcher.report([offer(252)]);
    await until(() => dispatcher.status()[0]?.failure !== undefined);
    await server.start();
    await until(() => kept.length === 252);
    expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: 252 }, (_, n) => `s:${n + 1}`));
    expect(handler.counters?.()['connections']).toBe(2);
    expect(hive.sources()[0]).toMatchObject({ rejected: 0 });
  });

  it('the handler reports a temporary failure without the password, and retries', async () => {
    const failing = async (options: Partial<XmppOptions>) => {
      const { dispatcher } = await sensor(options);
      await dispatcher.report([offer(1)]);
      await until(() => dispatcher.status()[0]?.failure !== undefined);
      expect(dispatcher.status()[0]?.counts.dead).toBe(0);
      return dispatcher.status()[0]?.failure ?? '';
    };
    const wrong = await failing({ password: 'wr0ng-secret' });
    expect(wrong).toMatch(/Check "username" and "password"/);
    expect(wrong).not.toContain('wr0ng-secret');
    expect(await failing({ url: 'xmpp://127.0.0.1:1' })).toMatch(/connection refused/);
    expect(await failing({ rooms: [{ room: 'x@nowhere.localhost' }] })).toMatch(
      /Cannot join the room|does not respond/,
    );
  });

  it('an incident that is larger than the limit becomes a dead letter, and the others are delivered', async () => {
    const { kept, listen } = await hub({ ...by('hub', 'two'), rooms: [room] });
    await listen();
    const { dispatcher } = await sensor();
    await dispatcher.report([offer(1), offer(2, 'x'.repeat(300_000)), offer(3)]);
    await until(() => kept.length === 2 && dispatcher.status()[0]?.counts.delivered === 2);
    expect(dispatcher.status()).toMatchObject([{ counts: { dead: 1 } }]);
  });
});
