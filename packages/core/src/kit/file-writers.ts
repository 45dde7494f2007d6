import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { escapeControls } from '../contract/escape-controls.ts';

/** A process that has a file open for writing. */
export interface FileWriter {
  /** The real path. */
  readonly file: string;
  readonly pid: number;
  /** Of the program, safe to show. */
  readonly name: string;
}

const ACCESS_MODE = 0o3;

/** Reads something of another process, which may be gone or not ours: then there is nothing to know. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // The process ended meanwhile, or belongs to somebody else.
    return undefined;
  }
}

function isOpenForWriting(pid: string, descriptor: string): boolean {
  const info = orUndefined(() => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1')) ?? '';
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '2';
  return (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}

/**
 * The processes, but this one, that have one of these files (real paths) open for writing, as far as this user may know;
 * undefined where the system does not say (anything but Linux).
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
