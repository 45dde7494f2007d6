import { expect, test } from 'vitest';
import { installEvents, installPlain } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

const connection = (protocol: string, host: string) => ({
  id: `${protocol}-${host}`,
  protocol,
  transport: 'tcp',
  local: { host: '192.0.2.99', port: 445 },
  remote: { host, port: 4711, hostname: '' },
});

const accept = (protocol: string, host: string) => ({
  origin: 'dionaea.connection.tcp.accept',
  data: { connection: connection(protocol, host) },
});

const events = [
  accept('smbd', '203.0.113.1'),
  accept('httpd', '::ffff:192.0.2.1'),
  accept('hpclient', '203.0.113.2'),
  { origin: 'dionaea.upload.request', data: { _url: 'https://vt.example/' } },
  {
    origin: 'dionaea.modules.python.virustotal_scan_file',
    data: { path: '/tmp/a', _userdata: '1' },
  },
  { origin: 'dionaea.modules.python.virustotal.report', data: { md5hash: 'a', path: '/tmp/a' } },
];

/** The incidents that an entry with these settings gets, and the result of the import. */
async function delivered(settings: string) {
  const world = createWorld();
  world.link('dionaea');
  installEvents(world);
  installPlain(
    world,
    'list',
    `import { appendFileSync } from 'node:fs';
     export default () => ({ contract: 1, name: 'list', on: { '*': ({ origin, data }) =>
       appendFileSync(${JSON.stringify(`${world.folder}/list`)}, (data.connection?.protocol ?? origin) + '\\n') } });`,
  );
  world.write('events', events.map((event) => JSON.stringify(event)).join('\n'));
  world.write('my.yaml', `ihandlers:\n  - name: list\n${settings}`);
  const ran = await world.run(['import', '-c', 'my.yaml', '--json', 'events']);
  if (ran.code !== 0) return { ...ran, list: [], filtered: undefined };
  const [{ filtered }] = JSON.parse(ran.stdout).ihandlers;
  return { ...ran, list: world.read('list').trim().split('\n'), filtered };
}

const upload = ['dionaea.upload.request', 'dionaea.modules.python.virustotal_scan_file'];
const report = 'dionaea.modules.python.virustotal.report';

test.each([
  ['', ['smbd', 'httpd', report]],
  ['    except: []\n', ['smbd', 'httpd', ...upload, report]],
  ['    protocols: []\n', ['smbd', 'httpd', 'hpclient', report]],
  ['    except: []\n    protocols: []\n', ['smbd', 'httpd', 'hpclient', ...upload, report]],
  ['    except: [dionaea.connection.*]\n', [...upload, report]],
  ['    protocols: [SMBD]\n', ['smbd', report]],
  ['    ignore: [192.0.2.0/24]\n', ['smbd', report]],
  ['    only: [dionaea.connection.*]\n', ['smbd', 'httpd']],
])(
  'the settings %j of an entry let %j through, and the rest is counted as filtered',
  async (settings, expected) => {
    const { list, filtered } = await delivered(settings);
    expect(list).toEqual(expected);
    expect(filtered).toBe(events.length - expected.length);
  },
);

test('an invalid glob, address or protocol is rejected with its line and what was found', async () => {
  const { code, stderr } = await delivered(`    only: [dionaea.connection.?]
    except: ['']
    ignore:
      - 192.0.2.0/24
      - 10.0.0.0/40
    protocols: [a b]
`);
  expect(code).toBe(2);
  expect(stderr).toContain('my.yaml has 4 problems:');
  expect(stderr).toMatch(/line 3, ihandlers\[0\]\.only\[0\]: Expected a glob .*found "\?"/);
  expect(stderr).toMatch(/line 4, ihandlers\[0\]\.except\[0\]: Expected a glob, found ""/);
  expect(stderr).toMatch(/line 7, ihandlers\[0\]\.ignore\[1\]: "ignore": .*found "10\.0\.0\.0\/40"/);
  expect(stderr).toMatch(/line 8, ihandlers\[0\]\.protocols\[0\]: .*found "a b"/);
});

test('without a package that declares them, no origin is excluded by default', async () => {
  const world = createWorld();
  installEvents(world);
  installPlain(world, 'all', `export default () => ({ contract: 1, name: 'all', on: { '*': () => {} } });`);
  world.write('events', events.map((event) => JSON.stringify(event)).join('\n'));
  const { stdout } = await world.run(['import', '--with', 'all', '--json', 'events']);
  expect(JSON.parse(stdout).ihandlers).toMatchObject([{ delivered: events.length, filtered: 0 }]);
});
