import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import Database from 'better-sqlite3';
import { rebuildAdvice } from './rebuild-advice.ts';

const PACKAGE = 'better-sqlite3';

/** Where the driver is installed. */
function driverFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`));
  } catch {
    return process.cwd();
  }
}

/**
 * The error for a driver whose native part is missing or was built for another Node, with the command that fixes it. Any other error
 * is returned unchanged.
 */
export function explainDriver(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const isMissing = message.startsWith('Could not locate the bindings file');
  const isForeign = errorCode(error) === 'ERR_DLOPEN_FAILED';
  if (!isMissing && !isForeign) return error;
  const problem = isMissing
    ? `the native part of ${PACKAGE} is missing: the package manager did not run its install script, or found no compiler`
    : `the native part of ${PACKAGE} does not fit Node ${process.versions.node} on ${process.platform}-${process.arch}`;
  return new IhandlerError(
    'HANDLER_INVALID',
    `Cannot use SQLite: ${problem}. ${rebuildAdvice(driverFolder())}. If that asks for a compiler, install one first (Debian and Ubuntu: apt install build-essential python3).`,
    { cause: error },
  );
}

let works = false;

/** Throws `HANDLER_INVALID` with the command that fixes it, unless the native part of SQLite can be loaded. Opens no file. */
export function assertDriver(): void {
  if (works) return;
  try {
    new Database(':memory:').close();
    works = true;
  } catch (error) {
    throw explainDriver(error);
  }
}
