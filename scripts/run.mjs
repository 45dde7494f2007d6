// The setup of `npm start`, `npm test` and the other scripts of package.json. It installs the pinned pnpm into .tools (no global
// install, no corepack) and the dependencies of the lockfile, builds changed packages, and runs the requested task. It prints
// only to standard error, and nothing for a step that has nothing to do.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `ihandler needs Node 20.19 or newer; this is Node ${process.versions.node} (${process.execPath}).`,
  );
  console.error(
    'Install a current one from https://nodejs.org/ or with your version manager (nvm install 22).',
  );
  process.exit(1);
}
const { nodeHeaders } = await import('./node-headers.mjs');
const { environment, packageManager, quietly, root, run, tools } = await import('./step.mjs');

/** The environment of an installation. better-sqlite3 is compiled if no prebuilt binary can be downloaded. */
function installEnvironment(folder) {
  const headers = nodeHeaders(folder);
  // NODE_ENV=production would leave out the tools that build and test.
  const { NODE_ENV: _, ...kept } = environment;
  return { ...kept, JOBS: process.env.JOBS ?? 'max', ...(headers && { npm_config_nodedir: headers }) };
}

/** Changes with the lockfile, the manifests, Node and the machine: then the dependencies must be installed again. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const manifests = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name, 'package.json')),
  );
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests.sort()])
    if (existsSync(join(root, file))) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

const wanted = fingerprint();
const stamp = join(root, 'node_modules', '.ihandler-setup');
const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

/** Ends the program with the output of a failed step and advice. */
function fail(title, output, advice = '') {
  process.stderr.write(`${title}\n${output.trimEnd()}\n\nFailed: ${title}\n${advice}`);
  process.exit(1);
}

const compilerAdvice = `
SQLite could not be installed on this machine. Usually a prebuilt binary is downloaded. Without one SQLite is compiled,
which needs a C++ compiler, make and Python 3:
  Debian, Ubuntu   sudo apt-get install build-essential python3
  Fedora, RHEL     sudo dnf install gcc-c++ make python3
  Alpine           sudo apk add build-base python3
  macOS            xcode-select --install
  Windows          the Visual Studio Build Tools with "Desktop development with C++"
Then run the same command again.
`;

/** Opens a database in another process. Only this shows that the binary exists and fits this Node. */
async function sqliteOpens() {
  const script = "const D = require('better-sqlite3'); new D(':memory:').close()";
  return (await quietly(process.execPath, ['-e', script])).code === 0;
}

async function installPnpm(env) {
  const title = `Setting up: ${packageManager}`;
  console.error(title);
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['install', '--prefix', tools, ...options, packageManager];
  const { code, output } = await quietly('npm', args, { env });
  const advice = '\nnpm downloads it from its registry. Check the network and the proxy settings.\n';
  if (code !== 0) fail(title, output, advice);
}

async function installDependencies(env) {
  const first = !existsSync(stamp);
  const title = `Setting up: dependencies${first ? ' (one to two minutes where SQLite must be compiled)' : ''}`;
  const late = () => console.error(title);
  const options = ['--frozen-lockfile', '--config.confirmModulesPurge=false', '--reporter=append-only'];
  const { code, output } = await quietly('pnpm', ['install', ...options], { env, late });
  const advice = /gyp|prebuild-install|better-sqlite3/.test(output) ? compilerAdvice : '';
  if (code !== 0) fail(title, output, advice);
}

/** Installs SQLite again after a change of Node: the old binary does not fit, and pnpm does not notice that. */
async function fitSqlite(env) {
  if (await sqliteOpens()) return;
  const title = `Setting up: SQLite for Node ${process.versions.node}`;
  console.error(title);
  const args = ['install', '--frozen-lockfile', '--force', '--reporter=append-only'];
  const { code, output } = await quietly('pnpm', args, { env });
  if (code !== 0 || !(await sqliteOpens())) fail(title, output, compilerAdvice);
}

/** Builds changed packages: all of them, or those that match the filters. */
async function build(filters = []) {
  const title = 'Setting up: build';
  const late = () => console.error(title);
  const args = [
    'run',
    'build',
    '--output-logs=errors-only',
    ...filters.map((filter) => `--filter=${filter}`),
  ];
  const { code, output } = await quietly('turbo', args, { late });
  if (code !== 0) fail(title, output);
}

const scripts = {
  start: 'apps/demo/start.mjs',
  ihandler: 'apps/ihandler/dist/main.js',
  test: 'scripts/test.mjs',
  bench: 'scripts/bench.mjs',
  rehearse: 'scripts/rehearse-release.mjs',
  crash: 'scripts/crash.mjs',
  soak: 'scripts/soak.mjs',
};
const [task, ...args] = process.argv.slice(2);
const tasks = ['build', 'exec', ...Object.keys(scripts)];
if (!tasks.includes(task) || (task === 'exec' && args.length === 0)) {
  console.error(
    `scripts/run.mjs: expected ${tasks.join(', ')} (exec with a command), found ${task ?? 'nothing'}.`,
  );
  process.exit(2);
}
if (!installed) {
  // Not in the checkout: its path may contain blanks, which node-gyp passes to compilers incorrectly.
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-headers-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const env = installEnvironment(folder);
  if (!existsSync(join(root, tools, 'node_modules', '.bin', 'pnpm'))) await installPnpm(env);
  await installDependencies(env);
  await fitSqlite(env);
  remove();
  writeFileSync(stamp, wanted);
}
// The tests read the sources and report a failed build themselves.
if (!['test', 'crash', 'soak'].includes(task)) await build(task === 'start' ? ['ihandler-demo^...'] : []);
if (task === 'exec') process.exitCode = await run(args[0], args.slice(1));
else if (task !== 'build') {
  // Paths that a user passes are relative to the current folder of the user, not to the root.
  const cwd = task === 'ihandler' ? (process.env.INIT_CWD ?? root) : root;
  process.exitCode = await run(process.execPath, [join(root, scripts[task]), ...args], { cwd });
}
