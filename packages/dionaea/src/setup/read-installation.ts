import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describeError, IhandlerError } from '@ihandler/core';
import { isRecord, readWholeFile } from '@ihandler/core/kit';
import { globSync } from 'tinyglobby';
import { type DionaeaFile, parseToml, parseYaml } from './read-configuration.ts';

/** An ihandler that is enabled in dionaea. */
export interface DionaeaHandler {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The file that enables it. Absolute. */
  readonly file: string;
}

/** A dionaea installation, from its configuration. */
export interface DionaeaInstallation {
  /** Its main configuration file. Absolute. */
  readonly file: string;
  /** Where its relative paths start. */
  readonly root: string;
  /** Where it writes its files. Absolute. */
  readonly state: string;
  /** Where it stores samples, its `download.dir`. Absolute. */
  readonly samples: string;
  /** Where its ihandlers are enabled. Absolute. */
  readonly enabled: string;
  /** The syntax of its files. */
  readonly syntax: 'yaml' | 'toml';
  readonly ihandlers: readonly DionaeaHandler[];
  /** Files that could not be read, with the reason. */
  readonly broken: readonly string[];
}

const mainFiles = ['dionaea.cfg', 'dionaea.toml'];
const places = ['', 'etc/dionaea', 'dionaea', 'etc', 'conf'];

function readFile(file: string): DionaeaFile {
  try {
    const text = readWholeFile(file).toString('utf8');
    return file.endsWith('.toml') ? parseToml(text) : parseYaml(text);
  } catch (error) {
    return { value: undefined, broken: `cannot be read: ${describeError(error)}`, lineOf: () => undefined };
  }
}

/** The files that a glob matches, by name. */
function filesMatching(glob: string, folder: string): readonly string[] {
  return globSync(glob, { cwd: folder, absolute: true, expandDirectories: false }).sort();
}

/** A value of an INI file as dionaea writes it: `key=value` below `[section]`. */
function iniValue(text: string, section: string, key: string): string | undefined {
  let current = '';
  for (const line of text.split(/\r?\n/)) {
    current = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? current;
    const at = line.indexOf('=');
    if (current === section && at > 0 && line.slice(0, at).trim() === key) return line.slice(at + 1).trim();
  }
  return undefined;
}

/** The settings in a main file: the folder of samples, and the globs of the files that enable ihandlers. */
function settingsIn(file: string): {
  readonly samples: string | undefined;
  readonly globs: readonly string[];
} {
  if (file.endsWith('.toml')) {
    const { value } = readFile(file);
    const modules = isRecord(value) ? value['modules'] : undefined;
    const python = isRecord(modules) ? modules['python'] : undefined;
    const globs = isRecord(python) ? python['ihandler_configs'] : undefined;
    const strings = Array.isArray(globs) ? globs.filter((glob) => typeof glob === 'string') : [];
    return { samples: undefined, globs: strings };
  }
  const text = readWholeFile(file).toString('utf8');
  const globs = iniValue(text, 'module.python', 'ihandler_configs');
  return {
    samples: iniValue(text, 'dionaea', 'download.dir'),
    globs: globs === undefined || globs === '' ? [] : globs.split(',').map((glob) => glob.trim()),
  };
}

/** The folder around `etc/dionaea`, `etc` or `conf`. */
function rootOf(folder: string): string {
  if (basename(folder) === 'dionaea' && basename(dirname(folder)) === 'etc') return dirname(dirname(folder));
  return ['etc', 'conf'].includes(basename(folder)) ? dirname(folder) : folder;
}

function handlersIn(file: string): {
  readonly found: readonly DionaeaHandler[];
  readonly broken: readonly string[];
} {
  const { value, broken } = readFile(file);
  if (broken !== undefined) return { found: [], broken: [`${file} ${broken}`] };
  const found = [value].flat().flatMap((item) => {
    if (!isRecord(item) || typeof item['name'] !== 'string') return [];
    return [{ name: item['name'], config: isRecord(item['config']) ? item['config'] : {}, file }];
  });
  return { found, broken: [] };
}

/** Reads an installation from its folder or that of its configuration. Throws `OPTIONS_INVALID` when there is none. */
export function readInstallation(folder: string): DionaeaInstallation {
  const candidates = places.flatMap((place) => mainFiles.map((name) => join(folder, place, name)));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected the folder of a dionaea, or of its configuration: with dionaea.cfg or dionaea.toml in it, or in etc/dionaea, dionaea, etc or conf. Found neither in ${folder}.`,
    );
  const root = rootOf(dirname(file));
  const { samples = 'var/lib/dionaea/binaries', globs } = settingsIn(file);
  const syntax = file.endsWith('.toml') ? 'toml' : 'yaml';
  const preset = join(dirname(file), syntax === 'toml' ? 'ihandlers' : 'ihandlers-enabled');
  // In a copy, or after a move, the configured paths do not exist: then the default folder is used.
  const named = globs.flatMap((glob) => filesMatching(glob, root));
  const files = named.length > 0 ? named : filesMatching(`*.${syntax}`, preset);
  const read = files.map(handlersIn);
  return {
    file,
    root,
    state: dirname(resolve(root, samples)),
    samples: resolve(root, samples),
    enabled: named[0] === undefined ? preset : dirname(named[0]),
    syntax,
    ihandlers: read.flatMap(({ found }) => found),
    broken: read.flatMap(({ broken }) => broken),
  };
}
