// The set-up behind `npm start` and `npm test`: installs the pinned pnpm into .tools (no global install, no
// corepack), installs the dependencies from the lockfile, builds what changed, and runs what was asked for.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const tools = join(root, '.tools', packageManager);
const bin = join(tools, 'node_modules', '.bin');
const env = {
  ...process.env,
  PATH: bin + delimiter + join(root, 'node_modules', '.bin') + delimiter + process.env.PATH,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  JOBS: process.env.JOBS ?? 'max',
};
// better-sqlite3 compiles where no prebuilt binary can be fetched; the headers of this very Node spare it a download.
const prefix = dirname(dirname(realpathSync(process.execPath)));
if (existsSync(join(prefix, 'include/node/node.h'))) env.npm_config_nodedir ??= prefix;

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Runs a set-up step; silent ones show their output only when they fail. */
function setUp(title, command, args, silent) {
  if (!silent) {
    console.error(title);
    return run(command, args, { stdio: ['ignore', 2, 2] });
  }
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  process.stderr.write(`${title}\n${result.stdout ?? ''}${result.stderr ?? ''}`);
  process.exit(result.status ?? 1);
}

const [task, ...args] = process.argv.slice(2);
const silent = task === 'ihandler';
if (!existsSync(join(bin, 'pnpm')))
  setUp(`Setting up: ${packageManager}`, 'npm', [
    'install', '--prefix', tools, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', packageManager,
  ], silent); // biome-ignore format: one command
setUp(
  'Setting up: dependencies (the first time takes a minute or two where SQLite must be compiled)',
  'pnpm',
  ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'],
  silent,
);
setUp('Setting up: build', 'turbo', ['run', 'build', '--output-logs=errors-only'], silent);

const tasks = {
  start: () => run(process.execPath, ['apps/demo/start.mjs', ...args]),
  ihandler: () =>
    run(process.execPath, [join(root, 'apps/ihandler/dist/main.js'), ...args], {
      cwd: process.env.INIT_CWD ?? root,
    }),
  test: () => run(process.execPath, ['scripts/test.mjs', ...args]),
  bench: () => run(process.execPath, ['scripts/bench.mjs', ...args]),
};
if (!Object.hasOwn(tasks, task)) {
  console.error(`Expected one of ${Object.keys(tasks).join(', ')}, found ${task}.`);
  process.exit(2);
}
tasks[task]();
