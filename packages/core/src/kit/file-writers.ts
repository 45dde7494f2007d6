import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { escapeControls } from '../contract/text/escape-controls.ts';

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

function isOpenForWriting(pid: string, descriptor: string): boolean {
  const info = orUndefined(() => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1')) ?? '';
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '2';
  return (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}

/**
 * The other processes that have one of these files (real paths) open for writing, as far as this user may see them. Undefined
 * on systems other than Linux.
 */
export function fileWriters(files: ReadonlySet<string>): readonly FileWriter[] | undefined {
  const pids = orUndefined(() => readdirSync('/proc'))?.filter((name) => /^\d+$/.test(name));
  if (!pids?.includes(String(process.pid))) return undefined;
  return pids
    .filter((pid) => pid !== String(process.pid))
    .flatMap((pid) => {
      const open = new Set<string>();
      for (const descriptor of orUndefined(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
        const file = orUndefined(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
        if (file !== undefined && files.has(file) && isOpenForWriting(pid, descriptor)) open.add(file);
      }
      if (open.size === 0) return [];
      const name = orUndefined(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'unknown';
      return [...open].map((file) => ({ file, pid: Number(pid), name: escapeControls(name) }));
    });
}
