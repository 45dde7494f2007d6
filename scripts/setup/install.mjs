// Installs the pinned pnpm into .tools and the dependencies of the lockfile, and shows a line for each step.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHeaders } from '../node-headers.mjs';
import { environment, packageManager, quietly, root, tools } from '../step.mjs';

/** Ends the program with the output of a failed step and advice. */
export function fail(title, output, advice = '') {
  process.stderr.write(`${title}\n${output.trimEnd()}\n\nFailed: ${title}\n${advice}`);
  process.exit(1);
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

/** Identifies the installed dependencies. */
export const wantedDependencies = fingerprint();
const stamp = join(root, 'node_modules', '.ihandler-setup');

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

/** The environment of an installation. better-sqlite3 is compiled if no prebuilt binary can be downloaded. */
function installEnvironment(folder) {
  const headers = nodeHeaders(folder);
  // NODE_ENV=production would leave out the tools that build and test.
  const { NODE_ENV: _, ...kept } = environment;
  return { ...kept, JOBS: process.env.JOBS ?? 'max', ...(headers && { npm_config_nodedir: headers }) };
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

/**
 * Shows how far pnpm is: a line when SQLite begins to be compiled, and one every 15 seconds as long as it takes. Returns the
 * listener of pnpm's output, and a function that ends it.
 */
export function installProgress(print, every = 15_000) {
  const began = Date.now();
  let step = 'dependencies';
  const timer = setInterval(() => {
    print(`Setting up: ${step}: ${Math.round((Date.now() - began) / 1000)} s`);
  }, every);
  const listen = (chunk) => {
    if (step !== 'dependencies' || !/node-gyp rebuild|gyp info|No prebuilt binaries/.test(chunk.toString()))
      return;
    step = 'compiling SQLite';
    print('Setting up: compiling SQLite, because no prebuilt binary can be downloaded (one to two minutes)');
  };
  return { listen, end: () => clearInterval(timer) };
}

/** Runs `pnpm install` and shows how far it is. */
async function pnpmInstall(env, options, late) {
  const { listen, end } = installProgress((line) => console.error(line));
  const args = ['install', '--frozen-lockfile', '--reporter=append-only', ...options];
  try {
    return await quietly('pnpm', args, { env, late, listen });
  } finally {
    end();
  }
}

async function installDependencies(env) {
  const title = 'Setting up: dependencies';
  const late = () => console.error(title);
  const { code, output } = await pnpmInstall(env, ['--config.confirmModulesPurge=false'], late);
  const advice = /gyp|prebuild-install|better-sqlite3/.test(output) ? compilerAdvice : '';
  if (code !== 0) fail(title, output, advice);
}

/** Installs SQLite again after a change of Node: the old binary does not fit, and pnpm does not notice that. */
async function fitSqlite(env) {
  if (await sqliteOpens()) return;
  const title = `Setting up: SQLite for Node ${process.versions.node}`;
  console.error(title);
  const { code, output } = await pnpmInstall(env, ['--force']);
  if (code !== 0 || !(await sqliteOpens())) fail(title, output, compilerAdvice);
}

/** Installs everything that the checkout needs, unless it is installed. */
export async function install() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wantedDependencies) return;
  // Not in the checkout: its path may contain blanks, which node-gyp passes to compilers incorrectly.
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-headers-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const env = installEnvironment(folder);
  if (!existsSync(join(root, tools, 'node_modules', '.bin', 'pnpm'))) await installPnpm(env);
  await installDependencies(env);
  await fitSqlite(env);
  remove();
  writeFileSync(stamp, wantedDependencies);
}
