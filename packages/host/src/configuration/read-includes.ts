import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { type ConfigurationFile, readConfigurationFile, type SensorReader } from './configuration-file.ts';
import type { Problem } from './problem.ts';
import { type Filled, substitute } from './substitute-environment.ts';

/** A file of a configuration, with the variables of the environment filled in. */
export interface Part {
  readonly source: ConfigurationFile;
  readonly value: unknown;
  /** The problems found so far; later steps add to them. */
  readonly problems: Problem[];
}

/** What reading a configuration needs of the world. */
export interface ReadContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets every value that was read, so that no secret in it is ever shown. */
  learn(value: unknown, filled: readonly Filled[]): void;
  /** Loads the readers of the installed sensors. Called at most once. */
  readers(): Promise<readonly SensorReader[]>;
}

function globsIn(value: unknown): readonly unknown[] {
  const include = typeof value === 'object' && value !== null ? Reflect.get(value, 'include') : undefined;
  return Array.isArray(include) ? include : [];
}

/** The canonical name of a file that may have several. */
function identity(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // Missing or unreadable: reading it reports why.
    return file;
  }
}

/** Whether a path is a glob. */
function isGlob(path: string): boolean {
  return /[*?]/.test(path);
}

/** The files that a glob matches, by name, or the one file that a path without a glob names. */
function filesMatching(glob: string, folder: string): readonly string[] {
  if (!isGlob(glob)) return [resolve(folder, glob)];
  return globSync(glob, {
    cwd: folder,
    absolute: true,
    expandDirectories: false,
    followSymbolicLinks: true,
  }).sort();
}

/** Reads a file and all that it includes: itself first, then the others by name, each once. */
export async function readParts(
  file: string,
  { env, learn, readers }: ReadContext,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  const seen = new Set<string>();
  let loaded: Promise<readonly SensorReader[]> | undefined;
  const loadOnce = () => (loaded ??= readers());

  async function include(part: Part, chain: readonly string[]): Promise<void> {
    for (const [index, glob] of globsIn(part.value).entries()) {
      if (typeof glob !== 'string') continue;
      const addProblem = (message: string) => part.problems.push({ path: ['include', index], message });
      for (const path of filesMatching(glob, dirname(part.source.file))) {
        const own = identity(path);
        if (isGlob(glob) && own === chain.at(-1)) continue;
        if (chain.includes(own))
          addProblem(`expected a file that does not include this one; found ${path}, which does`);
        else if (!isGlob(glob) && !existsSync(path)) addProblem(`expected a file; found nothing at ${path}`);
        else if (!seen.has(own)) await load(path, [...chain, own]);
      }
    }
  }

  async function load(path: string, chain: readonly string[]): Promise<void> {
    seen.add(identity(path));
    const source = await readConfigurationFile(path, loadOnce, chain.length > 1);
    // A dollar sign in a sensor's file is a dollar sign.
    const filled =
      source.form === 'sensor'
        ? { value: source.value, missing: [], filled: [] }
        : substitute(source.value ?? {}, env);
    learn(
      filled.value,
      filled.filled.filter(({ path }) => path.includes('config')),
    );
    const part = { source, value: filled.value, problems: [...filled.missing] };
    parts.push(part);
    if (source.broken === undefined && source.form === 'own') await include(part, chain);
  }

  await load(file, [identity(file)]);
  return parts;
}
