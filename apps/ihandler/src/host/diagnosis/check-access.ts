import { accessSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { describeError } from '@ihandler/core';
import { below, type ConfigPath, type Problem } from '../configuration/configuration.ts';
import { type JsonSchema, markedOptions } from '../discovery/option-schema.ts';

/** Throws when a folder that is there cannot be written, or one that is not there cannot be made. */
function mustTakeFiles(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
  accessSync(folder, constants.W_OK | constants.X_OK);
}

/** Why this user cannot make a folder, or files in it; undefined when nothing stands in the way. */
export function folderProblem(folder: string): string | undefined {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    mustTakeFiles(nearest);
    return undefined;
  } catch (error) {
    return `expected a folder that can be written or made; found ${folder}: ${describeError(error)}`;
  }
}

/** Opens what is there as this user, without changing it; where nothing is, its folder must take a new file. */
function pathProblem(path: string, access: unknown, mayCome: boolean): string | undefined {
  try {
    // What is to be followed may come later: then its folder has to be there to be looked into.
    if (mayCome && access === 'read' && !existsSync(path)) accessSync(dirname(path), constants.X_OK);
    else if (existsSync(path) && statSync(path).isDirectory()) mustTakeFiles(path);
    else if (existsSync(path) || access === 'read') closeSync(openSync(path, access === 'read' ? 'r' : 'r+'));
    else mustTakeFiles(dirname(path));
    return undefined;
  } catch (error) {
    return `expected something that can be ${access === 'read' ? 'read' : 'written'}; found ${path}: ${describeError(error)}`;
  }
}

/** Why nobody can listen there now; undefined when nothing stands in the way. */
export function portProblem(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve(`expected a port to listen on; found ${host}:${port}: ${describeError(error)}`),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** What is known of who uses the options. */
export interface Access {
  /** Whether it is a live source: paths are read unless their schema says otherwise, and a file may come later. */
  readonly mayCome: boolean;
  /** Whether ports may be in use, since the very program that is to have them runs. */
  readonly isRunning: boolean;
}

/**
 * What this user cannot open of the files, folders and ports that options name: those whose schema says
 * `"format": "path"` (to write, or with `"access": "read"` only to read) or `"format": "port"` (to listen on, at the
 * option `host` beside it). The options must be absolute already (see `resolvePaths`).
 */
export async function accessProblems(
  schema: JsonSchema,
  options: unknown,
  at: ConfigPath,
  { mayCome, isRunning }: Access,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { path, value, schema: own, host } of markedOptions(schema, options)) {
    const found =
      own['format'] === 'path' && typeof value === 'string' && value !== ':memory:'
        ? pathProblem(value, own['access'] ?? (mayCome ? 'read' : 'write'), mayCome)
        : own['format'] === 'port' && typeof value === 'number' && value > 0 && !isRunning
          ? await portProblem(value, typeof host === 'string' ? host : '127.0.0.1')
          : undefined;
    if (found !== undefined) problems.push({ path: below(at, { path, message: found }), message: found });
  }
  return problems;
}
