import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { harmless } from '@ihandler/core';

/** A process that has a file open. */
export interface FileUser {
  readonly pid: number;
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

function hasOpenForWriting(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of orUndefined(() => readdirSync(folder)) ?? []) {
    if (orUndefined(() => readlinkSync(`${folder}/${descriptor}`)) !== file) continue;
    const info = orUndefined(() => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1')) ?? '';
    const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '2';
    if ((Number.parseInt(flags, 8) & ACCESS_MODE) !== 0) return true;
  }
  return false;
}

/**
 * The other processes that have a file open for writing, as far as this user may know; undefined where the system does
 * not say (anything but Linux).
 */
export function otherWriters(file: string): readonly FileUser[] | undefined {
  const processes = orUndefined(() => readdirSync('/proc'));
  if (processes === undefined) return undefined;
  const pids = processes.filter((name) => /^\d+$/.test(name)).map(Number);
  if (!pids.includes(process.pid)) return undefined;
  const path = realpathSync(file);
  return pids
    .filter((pid) => pid !== process.pid && hasOpenForWriting(pid, path))
    .map((pid) => ({
      pid,
      name: harmless(orUndefined(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'unknown'),
    }));
}
