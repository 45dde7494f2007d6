import { delimiter, resolve, sep } from 'node:path';
import { type PathStep, pathSteps } from './path-steps.ts';
import { groupName, membersOf, userName } from './system-names.ts';

/** Says why code at an absolute path must not be loaded, and what to do; undefined when it may be. */
export type Trust = (path: string) => string | undefined;

/** The environment variable with folders whose code is loaded whoever may write there, separated as in PATH. */
const VARIABLE = 'IHANDLER_TRUST';

/** The group of administrators of macOS, who may write where Homebrew installs. */
const MAC_ADMINS = 80;

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** Whether all users of a group may run code as this user anyway. */
function isTrustedGroup(gid: number, users: ReadonlySet<number>): boolean {
  if (gid === 0) return true;
  if (process.platform === 'darwin') return gid === MAC_ADMINS;
  const members = membersOf(gid);
  return members !== undefined && members.length > 0 && members.every((uid) => users.has(uid));
}

/** Who else may write a folder or file, as `chmod` names them. In a sticky folder, nobody may replace what others own. */
function openTo({ stats }: PathStep, users: ReadonlySet<number>): 'o' | 'g' | undefined {
  if (stats.isSymbolicLink() || (stats.isDirectory() && (stats.mode & 0o1000) !== 0)) return undefined;
  if ((stats.mode & 0o002) !== 0) return 'o';
  return (stats.mode & 0o020) !== 0 && !isTrustedGroup(stats.gid, users) ? 'g' : undefined;
}

function describe({ path, stats }: PathStep): string {
  const kind = stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'folder' : 'file';
  return `the ${kind} ${path}`;
}

function foreign(step: PathStep, me: number): string {
  const owner = userName(step.stats.uid);
  const otherwise = me === 0 ? `run ihandler as ${owner} (sudo -u ${owner}), or ` : '';
  return `${describe(step)} belongs to ${owner}, who could change the code. To fix it, ${otherwise}install the package in a folder of your own. If you trust ${owner}, set ${VARIABLE}=${step.path}`;
}

function writable(step: PathStep, by: 'o' | 'g'): string {
  const mode = (step.stats.mode & 0o7777).toString(8).padStart(4, '0');
  const who = by === 'o' ? 'every user' : `the group ${groupName(step.stats.gid)}`;
  return `${who} may write ${describe(step)} (mode ${mode}). To fix it: chmod ${by}-w ${step.path}. If you trust them, set ${VARIABLE}=${step.path}`;
}

/**
 * Creates the rule by which code is loaded: only from folders that belong to root, to this user, or to whoever owns the
 * program itself, and that no one else may write; all folders and links on the way count, except those on the way to the
 * program: who may write there has this user's rights already. Windows has no such modes: everything is allowed there.
 */
export function createTrust({
  prefix,
  env,
}: {
  /** The folder of the program. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Trust {
  // The real user: root that acts as another one for a while can become root again.
  const me = process.getuid?.();
  if (me === undefined) return () => undefined;
  const program = pathSteps(prefix);
  const onTheWay = new Set(program.map(({ path }) => path));
  const users = new Set([0, me, ...program.map(({ stats }) => stats.uid)]);
  /** Those who may write on the way to the program: `o`, or `g` and the number of a group. */
  const trusted = new Set<string>();
  const keyOf = (by: 'o' | 'g', { stats }: PathStep) => (by === 'o' ? 'o' : `g${stats.gid}`);
  for (const step of program) {
    const by = openTo(step, users);
    if (by !== undefined) trusted.add(keyOf(by, step));
  }
  const named = (env[VARIABLE] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => resolve(folder));
  return (path) => {
    const steps = pathSteps(path);
    const end = steps.at(-1)?.path ?? path;
    if (named.some((folder) => isWithin(path, folder) || isWithin(end, folder))) return undefined;
    for (const step of steps) {
      if (onTheWay.has(step.path)) continue;
      if (!users.has(step.stats.uid)) return foreign(step, me);
      const by = openTo(step, users);
      if (by !== undefined && !trusted.has('o') && !trusted.has(keyOf(by, step))) return writable(step, by);
    }
    return undefined;
  };
}
