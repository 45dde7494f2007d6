import { readFileSync } from 'node:fs';

/** The fields of each line of a table of the system. */
function linesOf(file: string): readonly (readonly string[])[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return []; // a system without that file: numbers are used
  }
}

/** The name of a user; its number when the system's table does not have it. */
export function userName(uid: number): string {
  return linesOf('/etc/passwd').find((fields) => fields[2] === String(uid))?.[0] || `${uid}`;
}

/** The name of a group; its number when the system's table does not have it. */
export function groupName(gid: number): string {
  return linesOf('/etc/group').find((fields) => fields[2] === String(gid))?.[0] || `${gid}`;
}

/** The users of a group, by number, as the system's tables tell; undefined when these do not know the group. */
export function membersOf(gid: number): readonly number[] | undefined {
  const group = linesOf('/etc/group').find((fields) => fields[2] === String(gid));
  if (group === undefined) return undefined;
  const names = new Set((group[3] ?? '').split(',').filter(Boolean));
  return linesOf('/etc/passwd')
    .filter(([name = '', , , primary]) => names.has(name) || primary === String(gid))
    .map((fields) => Number(fields[2]));
}
