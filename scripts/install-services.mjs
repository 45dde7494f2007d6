// Installs the servers and tools that some tests need. `npm test` calls it; if everything is there it only looks at a few
// paths. It installs packages on Debian and Ubuntu only, and only as root (as in a container). Elsewhere it prints which
// services are missing and how to install them; the tests that need one fail with the same message. It starts no service and
// changes no configuration. IHANDLER_SKIP_SERVICES=1 turns it off and skips those tests.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage, describe, findService, howToInstall, services } from './services.mjs';
import { environment, quietly, root } from './step.mjs';

const missing = () => services.filter((service) => findService(service) === undefined);

/** Whether packages may be installed without a question to the user. */
const mayInstall = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/** Keeps an init system from starting the installed servers: each test starts its own. */
const installEnvironment = { ...environment, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };

async function aptGet(...args) {
  return quietly('apt-get', ['-qq', '-y', '--no-install-recommends', ...args], { env: installEnvironment });
}

async function install(wanted) {
  console.error(`Setting up: ${wanted.map(describe).join(', ')}`);
  const names = wanted.map(debianPackage);
  const first = await aptGet('install', ...names);
  if (first.code === 0) return;
  // apt finds nothing without package lists, or with old ones.
  const update = await aptGet('update');
  const second = await aptGet('install', ...names);
  if (second.code !== 0) process.stderr.write(`${update.output}${second.output.trimEnd()}\n`);
}

/** Whether a test whose path contains one of the filters starts a service. */
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

/** Installs missing services for the tests whose path contains one of the filters, or for all tests without filters. Never throws. */
export async function installServices(filters = []) {
  if (process.env.IHANDLER_SKIP_SERVICES === '1') return;
  const wanted = missing();
  if (wanted.length === 0 || !isNeededBy(filters)) return;
  if (mayInstall()) await install(wanted);
  for (const service of missing())
    console.error(`Missing for some tests: ${describe(service)}. ${howToInstall(service)}`);
}
