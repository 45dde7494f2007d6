import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { CompleteWorld } from '../world.ts';

/** The data folder of a system service, used when it exists and this user may write there. */
const SYSTEM_FOLDER = '/var/lib/ihandler';

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // Missing or not writable: the user's own folder is used.
    return false;
  }
}

/** The user's home. Throws `OPTIONS_INVALID` if nothing names it, as in a service whose user has no entry in /etc/passwd. */
function homeFolder(env: CompleteWorld['env']): string {
  const fix = 'set "data" in the configuration, or the environment variable HOME or XDG_STATE_HOME';
  const home = env['HOME'] || systemHome();
  if (home?.startsWith('/') || /^[A-Za-z]:/.test(home ?? '')) return home ?? '';
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `No data folder: this user has no home folder (HOME is not set); ${fix}.`,
  );
}

function systemHome(): string | undefined {
  try {
    return homedir();
  } catch {
    // The user is not in the system's list of users.
    return undefined;
  }
}

/** The data folder when the configuration does not set one: see the README, "The data folder". */
export function defaultDataFolder(env: CompleteWorld['env']): string {
  if (isWritable(SYSTEM_FOLDER)) return SYSTEM_FOLDER;
  const state = env['XDG_STATE_HOME'];
  // The XDG specification requires programs to ignore a relative path.
  if (state?.startsWith('/')) return join(state, 'ihandler');
  return join(homeFolder(env), '.local', 'state', 'ihandler');
}

/** Creates the folder, for its owner and group only. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot write to the data folder ${folder}: ${describeError(cause)}. Set "data:" to another folder.`,
      { cause },
    );
  }
}

function newName(): string {
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 60);
  return `${host || 'sensor'}-${randomBytes(2).toString('hex')}`;
}

/**
 * The name of this sensor as far as it is known: that of the configuration, else IHANDLER_SENSOR, else the one in the data
 * folder. Creates nothing; undefined before the first run.
 */
export function knownSensorName(
  folder: string,
  configured: string | undefined,
  env: CompleteWorld['env'],
): string | undefined {
  const given = configured ?? (env['IHANDLER_SENSOR'] || undefined);
  if (given !== undefined) return given;
  try {
    return readFileSync(join(folder, 'sensor'), 'utf8').trim() || undefined;
  } catch {
    return undefined; // It has not run yet, or this user may not read it, which the check of the folder reports.
  }
}

/**
 * The name of this sensor: that of the configuration, else IHANDLER_SENSOR, else the one in the data folder. That one is
 * made from the host's name once and stored, since the identity of incidents depends on it.
 */
export function sensorName(
  folder: string,
  configured: string | undefined,
  env: CompleteWorld['env'],
): string {
  const given = configured ?? (env['IHANDLER_SENSOR'] || undefined);
  if (given !== undefined) return given;
  const file = join(folder, 'sensor');
  try {
    writeFileSync(file, `${newName()}\n`, { flag: 'wx', mode: 0o640 });
  } catch (error) {
    // Another run has created the name.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const name = readFileSync(file, 'utf8').trim();
  if (name !== '') return name;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `Expected the name of this sensor in ${file}; found an empty file. Write a name into it.`,
  );
}
