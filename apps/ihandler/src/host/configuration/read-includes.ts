import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Host } from '../world.ts';
import { type ConfigurationFile, readConfigurationFile } from './configuration-file.ts';
import type { Problem } from './configuration-schema.ts';
import { expandGlob, isGlob } from './expand-glob.ts';
import { substitute } from './substitute-environment.ts';

/** A file of a configuration, with the environment in it. */
export interface Part {
  readonly source: ConfigurationFile;
  /** Whose form it has: ours, or that of dionaea's `ihandlers-enabled`, a list of names with options. */
  readonly form: 'ihandler' | 'dionaea';
  readonly value: unknown;
  /** What is wrong so far; more may be found. */
  readonly problems: Problem[];
}

/** What reading a configuration needs of the world. */
export interface Reading {
  readonly env: Host['env'];
  /** Told of everything that was read, so that no secret in it is ever shown. */
  learn(value: unknown): void;
}

/** dionaea's YAML holds a list of ihandlers, the TOML of its fork one ihandler. */
function formOf(value: unknown): Part['form'] {
  const isOne = typeof value === 'object' && value !== null && 'name' in value && !('ihandlers' in value);
  return Array.isArray(value) || isOne ? 'dionaea' : 'ihandler';
}

function globsIn(value: unknown): readonly unknown[] {
  const include = typeof value === 'object' && value !== null ? Reflect.get(value, 'include') : undefined;
  return Array.isArray(include) ? include : [];
}

/** The one name of a file that may have several. */
function identity(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // Not there, or not ours to see: reading it tells.
    return file;
  }
}

/** Reads a file and all that it includes: itself first, then the others in the order of their names, each once. */
export function readParts(file: string, { env, learn }: Reading): readonly Part[] {
  const parts: Part[] = [];
  const seen = new Set<string>();

  function include(part: Part, chain: readonly string[]): void {
    for (const [index, glob] of globsIn(part.value).entries()) {
      if (typeof glob !== 'string') continue;
      const tell = (message: string) => part.problems.push({ path: ['include', index], message });
      for (const path of expandGlob(glob, dirname(part.source.file))) {
        const own = identity(path);
        if (isGlob(glob) && own === chain.at(-1)) continue;
        if (chain.includes(own))
          tell(`expected a file that does not include this one; found ${path}, which does`);
        else if (!isGlob(glob) && !existsSync(path)) tell(`expected a file; found nothing at ${path}`);
        else if (!seen.has(own)) load(path, [...chain, own]);
      }
    }
  }

  function load(path: string, chain: readonly string[]): void {
    seen.add(identity(path));
    const source = readConfigurationFile(path);
    const form = formOf(source.value);
    // A dollar sign in a file of dionaea's is a dollar sign.
    const filled =
      form === 'dionaea' ? { value: source.value, missing: [] } : substitute(source.value ?? {}, env);
    learn(filled.value);
    const part = { source, form, value: filled.value, problems: [...filled.missing] };
    parts.push(part);
    if (source.broken === undefined && form === 'ihandler') include(part, chain);
  }

  load(file, [identity(file)]);
  return parts;
}
