import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '@ihandler/core/kit';

/** The longest path of a socket, in bytes: `sun_path` of unix(7) is one longer, for the zero byte; macOS has four less. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** Says where the socket is when it does not lie in the data folder itself. */
const POINTER = 'control.json';

/** A pipe's name is no path: it is made from that of the data folder. */
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
    // Nobody has left one, or it was cut off while it was written: then nobody listens there.
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Where the process of a data folder listens, if one does; undefined when none has left an address. */
export function controlAddress(dataDir: string): string | undefined {
  if (process.platform === 'win32') return pipeOf(dataDir);
  return socketIn(dataDir) ?? pointedAt(dataDir);
}

/** An address that is this process's to listen on. */
export interface OwnAddress {
  readonly path: string;
  /** Lets only this user in, once something listens there. */
  protect(): void;
  /** Removes what was made for it. */
  remove(): void;
}

/**
 * Removes a file, if it is there, without looking at it. After Node has looked at a socket, as `rmSync` does, it takes the
 * next symbolic link for no link when it resolves a module: a program that is installed by links would not find its parts.
 */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error))) throw error;
  }
}

/** Removes a folder of ours, with the socket in it. */
function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * Takes the address of a data folder, removing what a killed process left there. A path too long for a socket is replaced
 * by one in a new folder of this user's own among the temporary ones, and `control.json` says which.
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
