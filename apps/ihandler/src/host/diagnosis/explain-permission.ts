import { accessSync, constants, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

function nameIn(file: string, id: number): string | undefined {
  try {
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .find((text) => text.split(':')[2] === String(id));
    return line?.split(':')[0];
  } catch {
    // A system without that file: the number has to do.
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
    return false; // which is what was asked
  }
}

/** The status of what a path leads to; undefined when it is missing, or out of this user's sight. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // missing, or in a folder that this user may not enter: nobody here can tell
  }
}

/** The outermost folder around a path that this user may not enter. */
function closedFolder(path: string): string | undefined {
  const folders: string[] = [];
  for (let at = dirname(path); dirname(at) !== at; at = dirname(at)) folders.unshift(at);
  return folders.find((folder) => statOf(folder) !== undefined && !can(folder, constants.X_OK));
}

/** What keeps this user from reading something, and how to grant it. */
export interface Unreadable {
  readonly found: string;
  readonly advice: string;
}

function explain(path: string, stats: Stats, flag: string): Unreadable {
  const { user, group } = owners(stats);
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  const me = process.geteuid?.();
  const self = me === undefined ? 'this user' : `user ${nameIn('/etc/passwd', me) ?? me}`;
  const byGroup = (stats.mode & (flag === 'x' ? 0o010 : 0o040)) !== 0;
  return {
    found: `${path} belongs to ${user}:${group} with mode ${mode}, so ${self} cannot read it`,
    advice: byGroup
      ? `run ihandler as ${user} (systemd: User=${user}), or make its user a member of the group ${group}`
      : `run ihandler as ${user} (systemd: User=${user}); its group may not read either: chmod g+${flag} ${path} would change that`,
  };
}

/** Why this user cannot read a file or folder that is there; undefined when it can, or when there is nothing. */
export function unreadable(path: string): Unreadable | undefined {
  const closed = closedFolder(path);
  const shut = closed === undefined ? undefined : statOf(closed);
  if (closed !== undefined && shut !== undefined) return explain(closed, shut, 'x');
  const stats = statOf(path);
  if (stats === undefined || can(path, constants.R_OK)) return undefined;
  return explain(path, stats, 'r');
}
