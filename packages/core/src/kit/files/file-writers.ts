import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { errorCode } from '../../contract/error.ts';
import { escapeControls } from '../../contract/text/escape-controls.ts';

/** A process that has a file open for writing. */
export interface FileWriter {
  /** The real path. */
  readonly file: string;
  readonly pid: number;
  /** The name of the program, with control characters escaped. */
  readonly name: string;
}

const ACCESS_MODE = 0o3;

/** Reads data of another process; undefined when the process has ended or belongs to another user. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // The process has ended, or belongs to another user.
    return undefined;
  }
}

/**
 * Does one step with the rights of the user who started this process: root that acts as another user sees the open files of
 * all processes again. Nothing else may run meanwhile.
 */
function asRealUser<T>(step: () => T): T {
  const { geteuid, seteuid } = process;
  const acting = geteuid?.();
  if (seteuid === undefined || acting === undefined || acting === 0 || process.getuid?.() !== 0)
    return step();
  seteuid(0);
  try {
    return step();
  } finally {
    seteuid(acting);
  }
}

function processes(): readonly string[] | undefined {
  const pids = orUndefined(() => readdirSync('/proc'))?.filter((name) => /^\d+$/.test(name));
  return pids?.includes(String(process.pid)) ? pids.filter((pid) => pid !== String(process.pid)) : undefined;
}

function nameOf(pid: string): string {
  return escapeControls(orUndefined(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) || 'unknown');
}

function hidesItsFiles(pid: string): boolean {
  // A thread of the kernel has no command line, and no files.
  if (orUndefined(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')) === '') return false;
  try {
    readdirSync(`/proc/${pid}/fd`);
    return false;
  } catch (error) {
    return ['EACCES', 'EPERM'].includes(errorCode(error));
  }
}

/**
 * The other processes whose open files this user may not see: those of other users, and those that gave up rights. Empty on
 * systems other than Linux.
 */
export function hiddenProcesses(): readonly Omit<FileWriter, 'file'>[] {
  return asRealUser(() =>
    (processes() ?? []).filter(hidesItsFiles).map((pid) => ({ pid: Number(pid), name: nameOf(pid) })),
  );
}

function isOpenForWriting(pid: string, descriptor: string): boolean {
  const info = orUndefined(() => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1')) ?? '';
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '2';
  return (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}

/** Device and inode, which a file keeps in other mount namespaces, where its path may be another. */
function identityOf(path: string): string | undefined {
  const status = orUndefined(() => statSync(path, { bigint: true }));
  return status && `${status.dev}:${status.ino}`;
}

/**
 * The other processes that have one of these files (real paths) open for writing, as far as this user may see them, also in
 * containers in which the file has another path. Undefined on systems other than Linux.
 */
export function fileWriters(files: ReadonlySet<string>): readonly FileWriter[] | undefined {
  const identities = new Map([...files].map((file) => [identityOf(file), file]));
  identities.delete(undefined);
  const fileAt = (descriptor: string): string | undefined => {
    const path = orUndefined(() => readlinkSync(descriptor));
    if (path === undefined || files.has(path)) return path;
    return /^\/(?!dev\/(?!shm\/))/.test(path) ? identities.get(identityOf(descriptor)) : undefined;
  };
  return asRealUser(() =>
    processes()?.flatMap((pid) => {
      const open = new Set<string>();
      for (const descriptor of orUndefined(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
        const file = fileAt(`/proc/${pid}/fd/${descriptor}`);
        if (file !== undefined && files.has(file) && isOpenForWriting(pid, descriptor)) open.add(file);
      }
      if (open.size === 0) return [];
      const name = nameOf(pid);
      return [...open].map((file) => ({ file, pid: Number(pid), name }));
    }),
  );
}
