import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '@ihandler/core/kit';

/** The longest path of a socket, in bytes: `sun_path` of unix(7) is one longer, for the zero byte; macOS has four less. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** The file that names the socket when it is not in the data folder. */
const POINTER = 'control.json';

/** The name of a pipe, which is not a path, is derived from that of the data folder. */
function pipeOf(dataDir: string): string {
  const name = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex').slice(0, 32);
  return `\\\\.\\pipe\\ihandler-${name}`;
}

function socketIn(dataDir: string): string | undefined {
  const path = join(dataDir, 'control.sock');
  return Buffer.byteLength(path) > LONGEST ? undefined : path;
}

function pointedAt(dataDir: string): string | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(join(dataDir, POINTER), 'utf8'));
    const path = typeof json === 'object' && json !== null && 'socket' in json ? json.socket : undefined;
    return typeof path === 'string' ? path : undefined;
  } catch (error) {
    // It is missing or was not written completely: then no process listens.
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The address of the process that runs on a data folder; undefined when none has left one. */
export function controlAddress(dataDir: string): string | undefined {
  if (process.platform === 'win32') return pipeOf(dataDir);
  return socketIn(dataDir) ?? pointedAt(dataDir);
}

/** An address on which this process may listen. */
export interface OwnAddress {
  readonly path: string;
  /** Restricts access to this user, once something listens. */
  protect(): void;
  /** Removes the address and its files. */
  remove(): void;
}

/**
 * Removes a file, if it exists, without a stat. After Node has called stat on a socket, as `rmSync` does, it does not follow
 * the next symbolic link when it resolves a module: a program that is installed by links would not find its parts.
 */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error))) throw error;
  }
}

/** Removes an empty folder that this process created. */
function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * Takes the address of a data folder, and removes the socket of a killed process. If the path is too long for a socket, the
 * socket is in a new temporary folder, which `control.json` names.
 */
export function takeControlAddress(dataDir: string): OwnAddress {
  if (process.platform === 'win32') return { path: pipeOf(dataDir), protect() {}, remove() {} };
  const own = socketIn(dataDir);
  const left = controlAddress(dataDir);
  if (left !== undefined) remove(left);
  if (own !== undefined)
    return { path: own, protect: () => chmodSync(own, 0o600), remove: () => remove(own) };
  const path = join(mkdtempSync(join(tmpdir(), 'ihandler-')), 'control.sock');
  const pointer = join(dataDir, POINTER);
  return {
    path,
    protect() {
      chmodSync(path, 0o600);
      writeFileSync(pointer, `${JSON.stringify({ socket: path, pid: process.pid })}\n`, { mode: 0o600 });
    },
    remove() {
      remove(path);
      removeFolder(dirname(path));
      remove(pointer);
    },
  };
}
