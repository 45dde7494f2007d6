import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createWorld, recorder, until, type World } from 'ihandler/testing';
import { describe, expect, test } from 'vitest';
import { recording } from '../support/recordings.ts';

const configuration = `[dionaea]
download.dir=var/lib/dionaea/binaries/
modules=curl,python,nfq,emu
processors=filter_streamdumper,filter_emu
listen.mode=getifaddrs

[logging]
default.filename=var/log/dionaea/dionaea.log
default.levels=all
default.domains=*

[module.python]
imports=dionaea.log,dionaea.services,dionaea.ihandlers
sys_path=default
service_configs=etc/dionaea/services-enabled/*.yaml
ihandler_configs=etc/dionaea/ihandlers-enabled/*.yaml
`;

/** The ihandlers that a stock installation enables, or that its operator enables as they are shipped. */
const enabled: Readonly<Record<string, string>> = {
  cmdshell: '- name: cmdshell\n',
  emuprofile: '- name: emuprofile\n',
  ftp: '- name: ftp\n  config:\n    download_dir: "var/lib/dionaea/binaries/"\n    active_ports: "62001-63000"\n',
  hpfeeds: '- name: hpfeeds\n  config:\n    server: ""\n    port: ""\n    ident: ""\n    secret: ""\n',
  log_incident:
    '- name: log_incident\n  config:\n    handlers:\n      - file://var/lib/dionaea/dionaea_incident.json\n',
  log_sqlite: '- name: log_sqlite\n  config:\n    file: "var/lib/dionaea/dionaea.sqlite"\n',
  store: '- name: store\n',
  tftp: '- name: tftp_download\n',
  virustotal:
    '- name: virustotal\n  config:\n    apikey: "...."\n    file: "var/lib/dionaea/vtcache.sqlite"\n',
};

/** A stock installation in `opt/dionaea`, as make install leaves it. */
function stockWorld(): World {
  const world = createWorld();
  world.link('journal-sqlite', 'dionaea', 'log-sqlite', 'store', 'virustotal', 'hpfeeds');
  for (const folder of ['var/lib/dionaea/binaries', 'var/log/dionaea', 'etc/dionaea/services-enabled'])
    mkdirSync(join(world.folder, 'opt/dionaea', folder), { recursive: true });
  world.write('opt/dionaea/etc/dionaea/dionaea.cfg', configuration);
  for (const [name, text] of Object.entries(enabled))
    world.write(`opt/dionaea/etc/dionaea/ihandlers-enabled/${name}.yaml`, text);
  return world;
}

/** The blocks that the text says to add to a configuration: from a key at the beginning of a line to an empty line. */
function blocksIn(text: string): readonly string[] {
  return [...text.matchAll(/add to a configuration[^\n]*:\n\n(\w+:\n(?: +.*\n)+)/g)].map(
    ([, block = '']) => block,
  );
}

describe('ihandler init --dionaea', { timeout: 60_000 }, () => {
  test.each(['opt/dionaea', 'opt/dionaea/etc', 'opt/dionaea/etc/dionaea', 'opt/dionaea/'])(
    'given %s of a stock installation prints blocks that check and run accept as they are',
    async (folder) => {
      const world = stockWorld();
      const { code, stdout, stderr } = await world.run(['init', '--dionaea', folder]);
      expect([code, stderr]).toEqual([0, '']);
      const blocks = blocksIn(stdout);
      expect(blocks.map((block) => block.split(':')[0])).toEqual(['ihandlers', 'sources']);
      expect(stdout).toContain(
        'virustotal is installed, too; its options: ihandler list --options virustotal',
      );
      expect(stdout).not.toContain('....');
      world.write('opt/dionaea/etc/dionaea/ihandlers-enabled/log_incident.yaml', logIncidentIn(stdout));
      const incidents = join(world.folder, 'opt/dionaea/var/lib/dionaea/dionaea_incident.json');
      expect(logIncidentIn(stdout)).toContain(`file://${incidents}`);
      world.write(
        'opt/dionaea/var/lib/dionaea/dionaea_incident.json',
        readFileSync(recording('seed-attack.ndjson'), 'utf8'),
      );
      world.write('my.yaml', `data: data\nhealth: off\n${blocks.join('')}`);
      const checked = await world.run(['check', '-c', 'my.yaml']);
      expect([checked.code, checked.stderr]).toEqual([0, '']);
      expect(checked.stdout).not.toContain('warning');
      const stop = new AbortController();
      const log = recorder();
      const ended = world.run(['run', '-c', 'my.yaml'], {
        signal: stop.signal,
        stderr: log,
        exit: () => undefined,
      });
      try {
        await until(
          () => storedConnections(world),
          (count) => count > 0,
        );
      } finally {
        stop.abort();
        await ended;
      }
      const after = await world.run(['init', '--dionaea', folder]);
      expect(after.stdout).toContain(`It already writes its incidents to ${incidents}.`);
    },
  );
});

/** The file that the text says to save as `log_incident.yaml`. */
function logIncidentIn(text: string): string {
  return /save this as [^\n]*log_incident\.yaml and restart it:\n\n([\s\S]*?)\n\n/.exec(text)?.[1] ?? '';
}

function storedConnections(world: World): number {
  const file = join(world.folder, 'attacks.sqlite');
  if (!existsSync(file)) return 0;
  const database = new Database(file, { readonly: true });
  try {
    return Number(database.prepare('SELECT count(*) FROM connections').pluck().get());
  } catch {
    return 0; // its tables do not exist yet
  } finally {
    database.close();
  }
}
