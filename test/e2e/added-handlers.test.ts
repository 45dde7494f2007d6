import { createHost, loadConfiguration } from '@ihandler/host';
import { createWorld } from 'ihandler/testing';
import { expect, test } from 'vitest';

/** Each handler of this project with the options it needs. Nothing is started, so that no server is needed. */
const entries = {
  'log-sqlite': '{ file: attacks.sqlite }',
  store: '{ folder: samples, sampleFolders: [binaries] }',
  'log-text': '{ file: incidents.log }',
  'log-postgres': '{ url: "postgres://sensor@db.example/attacks" }',
  forward: '{ url: "https://hub.example/", token: abcdefghijklmnopqrstuvwxyz }',
  hpfeeds: '{ server: broker.example, ident: sensor, secret: s3cret }',
  nats: '{ url: "nats://nats.example" }',
  virustotal: '{ apiKey: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef }',
  xmpp: '{ url: "xmpps://xmpp.example", username: sensor@xmpp.example, password: s3cret, rooms: [{ room: hall@muc.xmpp.example, only: ["*"] }] }',
};

test('only handlers that store in a place of their own start with old incidents when they are added', async () => {
  const world = createWorld();
  world.link('journal-sqlite', ...Object.keys(entries));
  const lines = Object.entries(entries).map(([name, config]) => `  - { name: ${name}, config: ${config} }\n`);
  world.write('notify.js', "export default { name: 'notify', on: {} };");
  const file = world.write('my.yaml', `data: data\nihandlers:\n${lines.join('')}  - ./notify.js\n`);
  const surroundings = { env: {}, cwd: world.folder, prefix: world.folder, conditions: ['@ihandler/source'] };
  const handlers = await createHost(await loadConfiguration(file, surroundings), surroundings).loadHandlers();
  expect(Object.fromEntries(handlers.map(({ instance, from }) => [instance, from]))).toEqual({
    'log-sqlite': 'beginning',
    store: 'beginning',
    'log-text': 'end',
    'log-postgres': 'end',
    forward: 'end',
    hpfeeds: 'end',
    nats: 'end',
    virustotal: 'end',
    xmpp: 'end',
    notify: 'end',
  });
});
