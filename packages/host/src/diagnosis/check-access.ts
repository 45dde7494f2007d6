import { accessSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { describeError } from '@ihandler/core';
import type { Problem } from '../configuration/problem.ts';
import { endpointText } from './endpoint-text.ts';
import type { Resource } from './resources.ts';

/** Why something with this path failed; the caller names the path. */
function reasonFor(error: unknown, path: string): string {
  const reason = describeError(error);
  return reason.endsWith(`: ${path}`) ? reason.slice(0, -path.length - 2) : reason;
}

/** Throws unless this user can create files in an existing folder. */
function assertWritable(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
  accessSync(folder, constants.W_OK | constants.X_OK);
}

/** Why this user cannot create a folder, or files in it; undefined when it can. */
export function folderProblem(folder: string): string | undefined {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    assertWritable(nearest);
    return undefined;
  } catch (error) {
    return `expected a folder that can be written or created; found ${folder}: ${reasonFor(error, folder)}`;
  }
}

/** Does not wait for the other end of a pipe. */
function flagsFor(access: Resource['access']): number {
  const { O_RDONLY, O_RDWR, O_NONBLOCK = 0 } = constants;
  return (access === 'read' ? O_RDONLY : O_RDWR) | O_NONBLOCK;
}

/** Opens an existing file as this user, without changing it; for a missing one, its folder must be writable. */
function pathProblem({ access, mayAppear }: Resource, path: string): string | undefined {
  try {
    // A file to follow may appear later: then its folder must exist.
    // Its source lists the folder, too, for parts that a rotation puts there.
    if (mayAppear && access === 'read') accessSync(dirname(path), constants.R_OK | constants.X_OK);
    if (mayAppear && access === 'read' && !existsSync(path)) return undefined;
    const isFolder = existsSync(path) && statSync(path).isDirectory();
    if (isFolder && access === 'read') accessSync(path, constants.R_OK | constants.X_OK);
    else if (isFolder) assertWritable(path);
    else if (existsSync(path) || access === 'read') closeSync(openSync(path, flagsFor(access)));
    else assertWritable(dirname(path));
    return undefined;
  } catch (error) {
    return `expected a path that can be ${access === 'read' ? 'read' : 'written'}; found ${path}: ${reasonFor(error, path)}`;
  }
}

/** Why this user cannot listen on a port now; undefined when it can. */
export function portProblem(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    const where = endpointText({ host, port });
    server.once('error', (error) =>
      resolve(`expected a port to listen on; found ${where}: ${reasonFor(error, where)}`),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** The problems of resources that this user cannot open. Ports may be in use while the host `isRunning`. */
export async function accessProblems(
  resources: readonly Resource[],
  isRunning: boolean,
): Promise<readonly Problem[]> {
  const problems = await Promise.all(
    resources.map(async (resource): Promise<readonly Problem[]> => {
      const { at, target } = resource;
      if (typeof target === 'object' && (isRunning || target.port === 0)) return [];
      const message =
        typeof target === 'string'
          ? pathProblem(resource, target)
          : await portProblem(target.port, target.host);
      return message === undefined ? [] : [{ path: at, message }];
    }),
  );
  return problems.flat();
}
