import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Answers, UsageError } from './answers.ts';
import { filesOf } from './files.ts';
import type { PackageManager } from './package-manager.ts';

/** Whether a folder holds anything but a repository that `git init` has made. */
function isUsed(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => name !== '.git');
}

/** Writes the new package and returns its folder. Throws {@link UsageError} when the folder is not empty. */
export function create(answers: Answers, cwd: string, manager: PackageManager): string {
  const folder = resolve(cwd, answers.folder);
  if (isUsed(folder))
    throw new UsageError(
      `Expected an empty folder or a new one; ${folder} is not empty. Name another folder.`,
    );
  for (const [path, content] of filesOf(answers, manager)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { flag: 'wx' });
  }
  return folder;
}
