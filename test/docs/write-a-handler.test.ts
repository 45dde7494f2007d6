import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from '../support/documents/document.ts';
import { pack } from '../support/packed.ts';
import { root } from '../support/workspace.ts';

const page = 'docs/write-a-handler.md';
const { blocks } = parseDocument(page, readFileSync(join(root, page), 'utf8'));
const block = (starts: string): string => blocks.find(({ code }) => code.startsWith(starts))?.code ?? '';
const notify = block('// notify.js\n');
const seen = block('// seen.js\n');
const manifest = block('{\n  "name": "ihandler-notify"');

let folder: string;
let project: string;
let hook: Server;
let posted: string[];

/** Runs a program to its end while the webhook responds. Resolves with its output, also when it fails. */
async function runIn(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const told =
    /^(?:npm_(?:package|lifecycle|command|config_(?:local|global)?_?prefix)|INIT_CWD|NODE_|VITEST)/;
  const kept = Object.entries(process.env).filter(([name]) => !told.test(name));
  const env = { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true', NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: 120_000 });
  return stdout;
}

function url(): string {
  const address = hook.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'write-a-handler-'));
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      posted.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const packed = pack(folder, ['ihandler', '@ihandler/core', '@ihandler/host']);
  const tarball = (name: string): string => `file:${packed.find((item) => item.name === name)?.tarball}`;
  project = join(folder, 'somewhere');
  mkdirSync(project);
  const dependencies = { ihandler: tarball('ihandler') };
  const names = ['@ihandler/core', '@ihandler/host'];
  const overrides = Object.fromEntries(names.map((name) => [name, tarball(name)]));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }));
  await runIn(project, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error');
}, 300_000);

afterAll(() => {
  hook.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the handler of docs/write-a-handler.md, in an empty folder with only the program', () => {
  it('has fifteen lines without its comments, and imports nothing', () => {
    const lines = notify.split('\n').filter((line) => line !== '' && !/^(?:\/\/|\/\*| \*)/.test(line));
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(notify.replace(/\/\*[\s\S]*?\*\//g, '')).not.toMatch(/\bimport\b|require/);
  });

  it('runs from its path', async () => {
    posted = [];
    writeFileSync(join(project, 'notify.mjs'), notify);
    const printed = await runIn(project, 'npx', 'ihandler', 'try', `./notify.mjs:url=${url()}`);
    expect(printed).toMatch(/\nnotify: 1 delivered, 26 filtered\n$/);
    expect(posted.map((body) => JSON.parse(body).offered)).toEqual(['fxp://1:1@10.65.34.231:8218/ssms.exe']);
  });

  it('of roles sees what any sensor reports, without naming one', async () => {
    expect(seen.split('\n').length).toBeLessThanOrEqual(13);
    writeFileSync(join(project, 'seen.mjs'), seen);
    const printed = await runIn(project, 'npx', 'ihandler', 'try', './seen.mjs');
    expect(printed).toContain('offered fxp://1:1@10.65.34.231:8218/ssms.exe');
    expect(printed).toMatch(/captured [0-9a-f]{32}/);
    expect(printed).toMatch(/\nseen: 2 delivered, 25 filtered\n$/);
  });

  it('runs from a tarball, with the package.json of the page', async () => {
    posted = [];
    const own = join(folder, 'ihandler-notify');
    mkdirSync(own);
    writeFileSync(join(own, 'package.json'), manifest);
    writeFileSync(
      join(own, 'notify.js'),
      notify.replace("name: 'notify',", "contract: 1,\n  name: 'notify',"),
    );
    expect(await runIn(project, 'npx', 'ihandler', 'try', `${own}:url=${url()}`)).toContain('1 delivered');
    const tarball = (await runIn(own, 'npm', 'pack', '--loglevel=error')).trim();
    await runIn(project, 'npm', 'install', join(own, tarball), '--no-audit', '--no-fund', '--loglevel=error');
    expect(await runIn(project, 'npx', 'ihandler', 'list')).toContain('sends the URLs that attackers offer');
    expect(await runIn(project, 'npx', 'ihandler', 'try', `notify:url=${url()}`)).toContain('1 delivered');
    expect(posted).toHaveLength(2);
  }, 120_000);
});
