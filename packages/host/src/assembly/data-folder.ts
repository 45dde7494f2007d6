import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { CompleteWorld } from '../world.ts';

/** Where a system service keeps its state; used when it exists and this user may write there. */
const SYSTEM_FOLDER = '/var/lib/ihandler';

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // Missing or not ours: the user's own folder is taken.
    return false;
  }
}

/** Where the program keeps its state when the configuration does not say: see the README, "The data folder". */
export function defaultDataFolder(env: CompleteWorld['env']): string {
  if (isWritable(SYSTEM_FOLDER)) return SYSTEM_FOLDER;
  const state = env['XDG_STATE_HOME'];
  // The XDG specification says that a relative path is to be ignored.
  if (state?.startsWith('/')) return join(state, 'ihandler');
  return join(env['HOME'] || homedir(), '.local', 'state', 'ihandler');
}

/** Makes the folder, for its owner and group only. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `The data folder ${folder} cannot be written: ${describeError(cause)}. Name another one with "data:" in a configuration.`,
      { cause },
    );
  }
}

function invented(): string {
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 60);
  return `${host || 'sensor'}-${randomBytes(2).toString('hex')}`;
}

/**
 * The name of this sensor: what the configuration says, else IHANDLER_SENSOR, else the one in the data folder, made once
 * from the host's name and kept, since the identity of incidents depends on it.
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
    writeFileSync(file, `${invented()}\n`, { flag: 'wx', mode: 0o640 });
  } catch (error) {
    // Another run has named the sensor; anything else shows when the file is read.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const name = readFileSync(file, 'utf8').trim();
  if (name !== '') return name;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `Expected the name of this sensor in ${file}, found an empty file: write one.`,
  );
}
