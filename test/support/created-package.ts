import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import { install } from './documents/install.ts';
import { type PackageJson, readPackageJson, root } from './workspace.ts';

/** A command line with the program `ihandler` of the package. */
function withProgram(command: string): string {
  return command.replaceAll(
    /\bihandler (?=\w)/g,
    `'${process.execPath}' node_modules/ihandler/dist/main.js `,
  );
}

/** Runs a command line in a folder, with the programs of this checkout, and without the variables of this runner. */
function run(command: string, cwd: string): Promise<{ readonly code: unknown; readonly output: string }> {
  const others = Object.entries(process.env).filter(([name]) => !/^(?:NODE_|VITEST|npm_)/.test(name));
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const env = { ...Object.fromEntries(others), PATH: path };
  return new Promise((resolve) => {
    execFile(
      '/bin/sh',
      ['-c', withProgram(command)],
      { cwd, env, timeout: 120_000 },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? error.signal), output: `${stdout}${stderr}` }),
    );
  });
}

/** Runs a command line and returns its output. Fails if the command fails. */
export async function succeed(command: string, cwd: string): Promise<string> {
  const { code, output } = await run(command, cwd);
  expect(code, `${command}\n${output}`).toBe(0);
  return output;
}

/** A package that `create-ihandler` has written, with its dependencies in node_modules. */
export interface CreatedPackage {
  readonly path: string;
  readonly json: PackageJson;
  /** Runs a script of package.json. Fails if it fails. */
  script(name: string): Promise<string>;
}

/** Creates a package in a folder as a user does. The packages must be built. */
export async function createPackage(folder: string, kind: string, language: string): Promise<CreatedPackage> {
  const program = join(root, 'packages', 'create-ihandler', 'dist', 'main.js');
  const name = `door-${kind}-${language}`;
  await succeed(`'${process.execPath}' '${program}' ${name} --${kind} --${language} --yes`, folder);
  const path = join(folder, name);
  const json = readPackageJson(path);
  install(path, Object.keys({ ...json.dependencies, ...json.peerDependencies, ...json.devDependencies }));
  const script = (wanted: string) => succeed(json.scripts?.[wanted] ?? `false ${wanted}`, path);
  return { path, json, script };
}
