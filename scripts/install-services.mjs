// Makes sure that the servers and tools that some tests need are installed. `npm test` calls it; it costs some looks at the
// file system when all is there. It installs packages on Debian and Ubuntu only, and only when it runs as root (as in
// a container); elsewhere it says what is missing and how to install it, and the tests that need it fail, saying the same.
// It starts nothing and changes no configuration. IHANDLER_SKIP_SERVICES=1 makes it do nothing, and skips those tests.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage, describe, findService, howToInstall, services } from './services.mjs';
import { environment, quietly, root } from './step.mjs';

const missing = () => services.filter((service) => findService(service) === undefined);

/** Whether packages may be installed without asking anybody. */
const mayInstall = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/** A system with an init must not start what is installed: each test starts a server of its own. */
const installEnvironment = { ...environment, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };

async function aptGet(...args) {
  return quietly('apt-get', ['-qq', '-y', '--no-install-recommends', ...args], { env: installEnvironment });
}

async function install(wanted) {
  console.error(`Setting up: ${wanted.map(describe).join(', ')}`);
  const names = wanted.map(debianPackage);
  const first = await aptGet('install', ...names);
  if (first.code === 0) return;
  // Without package lists, or with old ones, nothing is found.
  const update = await aptGet('update');
  const second = await aptGet('install', ...names);
  if (second.code !== 0) process.stderr.write(`${update.output}${second.output.trimEnd()}\n`);
}

/** Whether a test whose path holds one of the filters starts a service. */
function isNeededBy(filters) {
  if (filters.length === 0) return true;
  const folders = ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name, 'src')))
    .concat('test', 'scripts')
    .filter((folder) => existsSync(join(root, folder)));
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))),
    )
    .filter((file) => file.endsWith('.test.ts') && filters.some((filter) => file.includes(filter)))
    .some((file) => /\bdescribeService\b/.test(readFileSync(join(root, file), 'utf8')));
}

/** Installs what is missing for the tests whose path holds one of these, all tests without any; never throws for it. */
export async function installServices(filters = []) {
  if (process.env.IHANDLER_SKIP_SERVICES === '1') return;
  const wanted = missing();
  if (wanted.length === 0 || !isNeededBy(filters)) return;
  if (mayInstall()) await install(wanted);
  for (const service of missing())
    console.error(`Missing for some tests: ${describe(service)}. ${howToInstall(service)}`);
}
