// Rehearses a release in a temporary clone of the last commit, with a registry on a loopback port of this machine:
//   1. changesets sets the versions, writes the changelogs and publishes every package to that registry;
//   2. npm installs the app and two packages from there into an empty folder, imports a recording and prints a tree;
//   3. a minor of core is released, which releases core alone;
//   4. `npm update` in that folder installs it, and there is still one copy of core.
// Nothing leaves the machine, and this checkout does not change. Exit code 0: every step succeeded; 1: the output says which
// step failed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prebuiltSqlite } from './prebuilt-sqlite.mjs';
import { ended, environment, quietly, root, start } from './step.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ihandler-rehearsal-'));
const clone = join(folder, 'clone');
const project = join(folder, 'project');

/** Runs one step and returns its standard output. If it fails, the rehearsal ends with the output of the step. */
async function step(title, cwd, env, command, ...args) {
  const started = Date.now();
  const { code, output, stdout } = await quietly(command, args, { cwd, env });
  if (code !== 0) throw new Error(`${title} failed (${[command, ...args].join(' ')}):\n${output.trimEnd()}`);
  console.log(`${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return stdout;
}

function expectSame(what, found, expected) {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** A free TCP port. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a registry that holds our packages and downloads all others from the registry that npm is configured for. */
async function startRegistry() {
  const port = await freePort();
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
  const ours = { access: '$all', publish: '$all' };
  const config = {
    storage: join(folder, 'storage'),
    uplinks: { upstream: { url: upstream } },
    packages: { '@ihandler/*': ours, ihandler: ours, '**': { access: '$all', proxy: 'upstream' } },
    log: { type: 'stdout', level: 'error' },
    max_body_size: '50mb',
  };
  const file = join(folder, 'verdaccio.yaml');
  writeFileSync(file, JSON.stringify(config));
  const bin = createRequire(import.meta.url).resolve('verdaccio/bin/verdaccio');
  const args = [bin, '--config', file, '--listen', `127.0.0.1:${port}`];
  const child = start(process.execPath, args, { cwd: folder, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  for (let attempt = 0; attempt < 150; attempt++) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}-/ping`).catch(() => undefined);
    if (answer?.ok) return { url, child, port };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  throw new Error(`The registry did not start: try  ${process.execPath} ${args.join(' ')}`);
}

/** The configuration of npm, pnpm and changesets for the registry. The token is a placeholder: anyone may publish there. */
function registryEnvironment({ url, port }) {
  const userconfig = join(folder, 'npmrc');
  writeFileSync(
    userconfig,
    `registry=${url}\n//127.0.0.1:${port}/:_authToken=rehearsal\nfund=false\naudit=false\n`,
  );
  const set = { registry: url, userconfig };
  const names = Object.entries(set).flatMap(([key, value]) =>
    ['npm_config_', 'NPM_CONFIG_', 'pnpm_config_'].map((prefix) => [
      prefix === 'NPM_CONFIG_' ? prefix + key.toUpperCase() : prefix + key,
      value,
    ]),
  );
  const kept = Object.entries(environment).filter(([name]) => !/^npm_|^INIT_CWD$/i.test(name));
  const author = { GIT_AUTHOR_NAME: 'rehearsal', GIT_AUTHOR_EMAIL: 'rehearsal@localhost' };
  const committer = { GIT_COMMITTER_NAME: 'rehearsal', GIT_COMMITTER_EMAIL: 'rehearsal@localhost' };
  return { ...Object.fromEntries([...kept, ...names]), ...author, ...committer };
}

/** Versions and publishes the packages that have a changeset. Returns `name@version` of each new version in the registry. */
async function release(env) {
  await step('changeset version', clone, env, 'changeset', 'version');
  await step('stage', clone, env, 'git', 'add', '--all');
  await step('commit', clone, env, 'git', '-c', 'commit.gpgsign=false', 'commit', '--quiet', '-m', 'Release');
  await step('build', clone, env, 'turbo', 'run', 'build', '--output-logs=errors-only');
  const said = await step('changeset publish', clone, env, 'changeset', 'publish');
  return [...said.matchAll(/New tag:\s+(\S+)/g)].map(([, tag]) => tag).sort();
}

function publishedNames() {
  const folders = execFileSync('git', ['ls-files', '*/*/package.json'], {
    cwd: clone,
    encoding: 'utf8',
  }).trim();
  return folders
    .split('\n')
    .map((file) => JSON.parse(readFileSync(join(clone, file), 'utf8')))
    .filter((manifest) => manifest.private !== true)
    .map(({ name }) => name);
}

/** Runs the first commands of a user, in the folder where npm installed the program. */
async function tryOut(env) {
  const recordings = join(root, 'test', 'recordings');
  const recording = join(recordings, 'seed-attack.ndjson');
  writeFileSync(
    join(project, 'c.yaml'),
    'data: ./data\nihandlers:\n  - name: log-sqlite\n    config: { file: ./a.sqlite }\n',
  );
  const app = (...args) =>
    step(`ihandler ${args[0]}`, project, env, 'npx', '--no-install', 'ihandler', ...args);
  await app('list', '--json');
  await app('import', '-c', 'c.yaml', recording);
  const tree = await app('tree', 'a.sqlite', '--connection', '610', '--format', 'manual');
  expectSame('the tree', tree, readFileSync(join(recordings, 'seed-attack.manual.txt'), 'utf8'));
}

async function installedCores(env) {
  const list = await step(
    'npm ls',
    project,
    env,
    'npm',
    'ls',
    '@ihandler/core',
    '--all',
    '--json',
    '--loglevel=silent',
  );
  return [
    ...new Set([...list.matchAll(/"@ihandler\/core": \{\s+"version": "([^"]+)"/g)].map(([, found]) => found)),
  ];
}

async function rehearse(registry) {
  const env = registryEnvironment(registry);
  await step('clone', root, env, 'git', 'clone', '--quiet', '--local', root, clone);
  // Dependencies come from the usual registry. Only publishing uses the registry on loopback.
  await step('install', clone, environment, 'pnpm', 'install', '--frozen-lockfile', '--prefer-offline');
  const names = publishedNames();
  const released = await release(env);
  expectSame('released', released.map((tag) => tag.replace(/@[^@]+$/, '')).sort(), names.sort());
  mkdirSync(project);
  mkdirSync(join(folder, 'prebuilt'));
  const npmEnv = { ...env, ...prebuiltSqlite(join(folder, 'prebuilt')).environment };
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const wanted = ['ihandler', '@ihandler/log-sqlite', '@ihandler/dionaea'];
  await step('npm install', project, npmEnv, 'npm', 'install', ...wanted);
  await tryOut(npmEnv);
  const [core] = await installedCores(npmEnv);
  const [major, minor] = core.split('.').map(Number);
  writeFileSync(join(clone, '.changeset', 'rehearsal.md'), "---\n'@ihandler/core': minor\n---\n\nMore.\n");
  await step('add a changeset', clone, env, 'git', 'add', '.changeset');
  const next = `${major}.${minor + 1}.0`;
  expectSame('released by a minor of core', await release(env), [`@ihandler/core@${next}`]);
  await step('npm update', project, npmEnv, 'npm', 'update');
  expectSame('installed after it', await installedCores(npmEnv), [next]);
  await tryOut(npmEnv);
}

let registry;
try {
  registry = await startRegistry();
  await rehearse(registry);
  console.log('The rehearsal succeeded.');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (registry) {
    const end = ended(registry.child);
    registry.child.kill();
    await end;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
