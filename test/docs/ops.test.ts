import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { createProject } from '../support/documents/project.ts';
import { root } from '../support/workspace.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

describe('the systemd unit', () => {
  const unit = read('ops/systemd/ihandler.service');
  const settings = new Map(
    [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value] as const),
  );

  it('runs as dionaea, in a sandbox, with its own folder', () => {
    expect(Object.fromEntries(settings)).toMatchObject({
      User: 'dionaea',
      StateDirectory: 'ihandler',
      ProtectSystem: 'strict',
      NoNewPrivileges: 'yes',
      PrivateTmp: 'yes',
      Restart: 'on-failure',
      RestartPreventExitStatus: '2',
      KillSignal: 'SIGTERM',
      ExecReload: '/bin/kill -HUP $MAINPID',
    });
    expect(settings.get('ReadOnlyPaths')).toContain('/opt/dionaea');
    expect(settings.get('ExecStart')).toMatch(/^\/\S+\/ihandler run -c \/etc\/ihandler\/ihandler\.yaml$/);
  });

  it('allows more time to stop than the program needs', () => {
    expect(Number(settings.get('TimeoutStopSec'))).toBeGreaterThan(8);
  });

  it.runIf(has('systemd-analyze'))('is valid for systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const verify = (text: string) => {
      const file = join(folder, 'ihandler.service');
      // The program is not installed at that path on the machine of the tests.
      writeFileSync(file, text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
      return spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    };
    // Other units of the machine may cause messages too.
    const said = (text: string) =>
      verify(text)
        .stderr.split('\n')
        .filter((line) => line.includes('ihandler.service'));
    expect(said(unit)).toEqual([]);
    expect(said(unit.replace('ProtectSystem=strict', 'ProtectSystem=stricter'))).not.toEqual([]);
  });
});

describe('the snippet for logrotate', () => {
  const snippet = read('ops/logrotate/dionaea-ihandler');
  const blocks = [...snippet.matchAll(/^(\/\S+) \{\n([\s\S]*?)^\}/gm)];

  it.each(blocks.map(([, path = '', block = '']) => [path, block] as const))(
    'loses nothing of %s',
    (_path, block) => {
      const words = block.split('\n').map((line) => line.trim());
      expect(words).toEqual(expect.arrayContaining(['missingok', 'nocreate', 'compress', 'delaycompress']));
      expect(words).not.toContain('copytruncate');
      expect(words).toContain('postrotate');
    },
  );

  it.runIf(has('logrotate'))('is valid for logrotate', () => {
    // `su` needs users that do not exist on the machine of the tests.
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-logrotate-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'dionaea-ihandler');
    writeFileSync(file, snippet.replaceAll(/^ *su .*\n/gm, ''), { mode: 0o644 });
    execFileSync('logrotate', ['--debug', '--state', join(folder, 'state'), file], { stdio: 'pipe' });
  });
});

describe('the Dockerfile', () => {
  const dockerfile = read('ops/docker/Dockerfile');
  const instructions = dockerfile
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));

  it('has stages, and its last stage runs without root and without a compiler', () => {
    const stages = instructions.filter((line) => line.startsWith('FROM '));
    expect(stages).toHaveLength(2);
    const last = instructions.slice(instructions.lastIndexOf(stages[1] ?? ''));
    expect(last).toContain('USER node');
    expect(last.join('\n')).not.toMatch(/g\+\+|apt-get/);
    expect(last).toContain('ENTRYPOINT ["ihandler"]');
    expect(last).toContain('STOPSIGNAL SIGTERM');
  });
});

describe('the example for Docker Compose', () => {
  const compose: unknown = parse(read('examples/compose-dionaea/docker-compose.yml'));

  it('shares the folder of dionaea with ihandler read-only', () => {
    expect(compose).toMatchObject({
      services: {
        dionaea: { volumes: expect.arrayContaining(['dionaea:/opt/dionaea/var/lib']) },
        ihandler: {
          read_only: true,
          cap_drop: ['ALL'],
          volumes: expect.arrayContaining(['dionaea:/opt/dionaea/var/lib:ro', 'ihandler:/var/lib/ihandler']),
        },
      },
      volumes: { dionaea: null, ihandler: null },
    });
  });

  it('lets dionaea write to an absolute path in that folder', () => {
    const written: unknown = parse(read('examples/compose-dionaea/log_incident.yaml'));
    expect(written).toEqual([
      {
        name: 'log_incident',
        config: { handlers: [expect.stringMatching(/^file:\/\/\/opt\/dionaea\/var\/lib\/dionaea\/[\w.]+$/)] },
      },
    ]);
  });

  it('has a valid configuration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-compose-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const project = createProject(folder);
    const packages = ['dionaea', 'journal-sqlite', 'log-sqlite', 'log-text'].map(
      (name) => `@ihandler/${name}`,
    );
    await project.command(`npm install ihandler @ihandler/core better-sqlite3 ${packages.join(' ')}`);
    const here = read('examples/compose-dionaea/ihandler.yaml').replaceAll('/opt/dionaea', folder);
    mkdirSync(join(folder, 'var/lib/dionaea'), { recursive: true });
    project.write('ihandler.yaml', here);
    const { code, stdout, stderr } = await project.ihandler('check', '-c', 'ihandler.yaml');
    expect(stderr).toBe('');
    expect(stdout).toContain('ihandler.yaml is valid.');
    expect(code).toBe(0);
  }, 60_000);
});
