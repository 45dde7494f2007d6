import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { fileWriters, hiddenProcesses } from '@ihandler/core/kit';
import { unseenProcesses } from './unseen-processes.ts';

/** A process that has a file open for writing. */
type FileWriter = NonNullable<ReturnType<typeof fileWriters>>[number];

/** The other processes that have a database open for writing. Undefined on a system that does not tell. */
export function otherWriters(file: string): readonly FileWriter[] | undefined {
  return fileWriters(new Set([realpathSync(file)]));
}

/** Programs that run for every user, hide their open files, and open no database. */
const harmless = new Set(['(sd-pam)', 'systemd', 'ssh-agent', 'gpg-agent', 'sshd', 'su', 'sudo', 'login']);
const WRITABLE_BY_GROUP = 0o020;

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended, or the system hides it
  }
}

/** Whether a process may write a file, as far as anyone may know: by its name, its user and its groups. */
function mayWrite(pid: number, name: string, { uid, gid, mode }: Stats): boolean {
  if (/dionaea/i.test(name) || /dionaea/i.test(textOf(`/proc/${pid}/cmdline`))) return true;
  if (harmless.has(name)) return false;
  const ids = (field: string) =>
    new RegExp(`^${field}:\\s*(.*)$`, 'm')
      .exec(textOf(`/proc/${pid}/status`))?.[1]
      ?.split(/\s+/)
      .map(Number) ?? [];
  if (uid !== 0 && ids('Uid').includes(uid)) return true;
  return gid !== 0 && (mode & WRITABLE_BY_GROUP) !== 0 && [...ids('Gid'), ...ids('Groups')].includes(gid);
}

/**
 * The other processes that may have a database open, but whose open files this user may not see: a dionaea that was started as
 * root and gave up its rights is one, even for the same user. SQLite cannot tell either, because a program that has a database
 * open holds a lock only during a transaction.
 */
function hidingWriters(file: string): readonly FileWriter[] {
  const path = realpathSync(file);
  const status = statSync(path);
  return hiddenProcesses()
    .filter(({ pid, name }) => mayWrite(pid, name, status))
    .map(({ pid, name }) => ({ file: path, pid, name }));
}

/** Processes that may have a database open and cannot be seen, and where an operator can see them. */
export interface HiddenWriters {
  readonly who: string;
  readonly where: string;
}

/** `process 123 (dionaea)`, for messages. */
export function describeWriters(writers: readonly FileWriter[]): string {
  return writers.map(({ pid, name }) => `process ${pid} (${name})`).join(', ');
}

/** The processes of which this user cannot know whether they have a database open; undefined when it is known of all. */
export function hiddenWriters(file: string): HiddenWriters | undefined {
  const hiding = hidingWriters(file);
  return hiding.length > 0 ? { who: describeWriters(hiding), where: 'as root' } : unseenProcesses();
}
