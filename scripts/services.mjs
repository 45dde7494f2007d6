// The servers and tools of the operating system that some tests need, and where to find them. The types are in services.d.mts.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Distributions install programs for root in folders that are not in a user's PATH. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

const known = {
  postgres: {
    title: 'PostgreSQL 15 or newer (its server)',
    debian: 'postgresql',
    brew: 'postgresql@17',
    programs: ['postgres'],
    find: findPostgres,
  },
  prosody: { title: 'Prosody', debian: 'prosody', brew: 'prosody', programs: ['prosody'] },
  'nats-server': {
    title: 'nats-server 2.9 or newer',
    debian: 'nats-server',
    brew: 'nats-server',
    programs: ['nats-server'],
  },
  strace: { title: 'strace', debian: 'strace', programs: ['strace'] },
  cc: { title: 'a C compiler', debian: 'gcc', programs: ['cc', 'gcc', 'clang'] },
};

function foldersIn(parent, pattern) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => ({ version: Number(pattern.exec(name)?.[1]), folder: join(parent, name, 'bin') }))
    .filter(({ version }) => version >= 15);
}

/** The newest installed server. Distributions have one folder for each version, and none of them is in PATH. */
function findPostgres() {
  const folders = [
    ...foldersIn('/usr/lib/postgresql', /^(\d+)$/),
    ...foldersIn('/usr', /^pgsql-(\d+)$/),
    ...foldersIn('/opt/homebrew/opt', /^postgresql@(\d+)$/),
    ...foldersIn('/usr/local/opt', /^postgresql@(\d+)$/),
  ].sort((a, b) => b.version - a.version);
  const programs = folders.map(({ folder }) => join(folder, 'postgres'));
  return programs.find((program) => existsSync(program)) ?? findProgram(['postgres']);
}

function findProgram(names) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...systemFolders];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

export const services = Object.keys(known);

export const describe = (service) => known[service].title;

export const debianPackage = (service) => known[service].debian;

export function howToInstall(service) {
  const { debian, brew } = known[service];
  const mac = brew === undefined ? '' : `; macOS: brew install ${brew}`;
  return `Debian, Ubuntu: sudo apt-get install ${debian}${mac}`;
}

export function findService(service) {
  const { programs, find = () => findProgram(programs) } = known[service];
  return find();
}
