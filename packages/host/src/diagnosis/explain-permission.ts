import { accessSync, constants, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

function nameIn(file: string, id: number): string | undefined {
  try {
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .find((text) => text.split(':')[2] === String(id));
    return line?.split(':')[0];
  } catch {
    // A system without that file: the number is used.
    return undefined;
  }
}

function owners({ uid, gid }: Stats): { readonly user: string; readonly group: string } {
  return {
    user: nameIn('/etc/passwd', uid) ?? String(uid),
    group: nameIn('/etc/group', gid) ?? String(gid),
  };
}

function can(path: string, access: number): boolean {
  try {
    accessSync(path, access);
    return true;
  } catch {
    return false; // the answer
  }
}

/** The status of a file or folder; undefined when it is missing, or in a folder that this user may not enter. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // missing or out of reach: the system does not tell which
  }
}

/** The outermost folder around a path that this user may not enter. */
function closedFolder(path: string): string | undefined {
  const folders: string[] = [];
  for (let at = dirname(path); dirname(at) !== at; at = dirname(at)) folders.unshift(at);
  return folders.find((folder) => statOf(folder) !== undefined && !can(folder, constants.X_OK));
}

/** Why this user cannot read a file or folder, and how to grant access. */
export interface Unreadable {
  readonly found: string;
  readonly advice: string;
}

function explain(path: string, stats: Stats, flag: 'r' | 'x' | 'rx'): Unreadable {
  const { user, group } = owners(stats);
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  const me = process.geteuid?.();
  const self = me === undefined ? 'this user' : `user ${nameIn('/etc/passwd', me) ?? me}`;
  const needed = { r: 0o040, x: 0o010, rx: 0o050 }[flag];
  const byGroup = (stats.mode & needed) === needed;
  return {
    found: `${self} cannot read ${path} (owner ${user}:${group}, mode ${mode})`,
    advice: byGroup
      ? `run ihandler as ${user} (systemd: User=${user}), or add its user to the group ${group}`
      : `run ihandler as ${user} (systemd: User=${user}), or add its user to the group ${group} and: chmod g+${flag} ${path}`,
  };
}

/**
 * Why this user cannot read an existing file or folder; undefined when it can, or when it does not exist. A source that
 * follows a file (`isFollowed`) must also list its folder, where rotation puts earlier parts.
 */
export function unreadable(path: string, isFollowed = false): Unreadable | undefined {
  const parent = dirname(path);
  const closed = closedFolder(path);
  const shut = closed === undefined ? undefined : statOf(closed);
  if (closed !== undefined && shut !== undefined)
    return explain(closed, shut, isFollowed && closed === parent ? 'rx' : 'x');
  const folder = isFollowed ? statOf(parent) : undefined;
  if (folder !== undefined && !can(parent, constants.R_OK)) return explain(parent, folder, 'rx');
  const stats = statOf(path);
  if (stats === undefined || can(path, constants.R_OK)) return undefined;
  return explain(path, stats, stats.isDirectory() ? 'rx' : 'r');
}
