import { dirname, resolve } from 'node:path';
import { findInstalled, type Installed } from '../discovery/find-packages.ts';
import { completeWorld, type World } from '../world.ts';
import { type Configuration, emptyConfiguration, joinParts, type PlacedEntry } from './configuration.ts';
import {
  configurationSchema,
  handlerSchema,
  type Settings,
  sensorEntrySchema,
  sourceSchema,
  validate,
  validEntry,
  validSettings,
} from './configuration-schema.ts';
import { type Part, type ReadContext, readParts } from './read-includes.ts';
import { sensorReaders } from './sensor-readers.ts';

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return Array.isArray(list) ? list : [];
}

/** The valid entries of a list; the problems of the others are added to those of the part. */
function entriesIn(part: Part, key: 'sources' | 'ihandlers'): readonly PlacedEntry[] {
  const { source, value, problems } = part;
  const isOfSensor = source.form === 'sensor';
  if (isOfSensor && (key === 'sources' || source.broken !== undefined)) return [];
  const schema = isOfSensor ? sensorEntrySchema : key === 'sources' ? sourceSchema : handlerSchema;
  const list = isOfSensor ? [value].flat() : listIn(value, key);
  return list.flatMap((item, index) => {
    const path = isOfSensor ? (Array.isArray(value) ? [index] : []) : [key, index];
    const validated = validate(schema, item, source.value, path);
    problems.push(...validated.problems);
    const entry = validated.data ?? validEntry(item);
    if (entry === undefined) return [];
    return [{ entry: { ...entry, folder: dirname(source.file), isOfSensor }, part, path }];
  });
}

function settingsIn(parts: readonly Part[]): Settings & Pick<Configuration, 'journalFolder'> {
  let settings: ReturnType<typeof settingsIn> = {};
  for (const { source, value, problems } of parts) {
    if (source.form === 'sensor' || source.broken !== undefined) continue;
    problems.push(...validate(configurationSchema, value, source.value, []).problems);
    const { include: _include, sources: _sources, ihandlers: _ihandlers, ...own } = validSettings(value);
    const folder = dirname(source.file);
    const data = own.data === undefined ? {} : { data: resolve(folder, own.data) };
    const journal = own.journal === undefined ? {} : { journalFolder: folder };
    // A file overrides the files that it includes.
    settings = { ...own, ...data, ...journal, ...settings };
  }
  return settings;
}

/** Reads a configuration with all that it includes; throws nothing: problems are in the result. */
export async function readConfiguration(
  file: string,
  context: ReadContext,
  installed: Installed,
): Promise<Configuration> {
  const parts = await readParts(file, context);
  return joinParts({
    file,
    parts,
    settings: settingsIn(parts),
    sources: parts.flatMap((part) => entriesIn(part, 'sources')),
    ihandlers: parts.flatMap((part) => entriesIn(part, 'ihandlers')),
    installed,
  });
}

/**
 * Reads a configuration file with all that it includes, and finds the installed packages. Without a file, the installed
 * handlers run that need no option and send nothing anywhere. Problems are in the result, not thrown: see
 * {@link Configuration.isBroken}; every method of a host reports them.
 */
export async function loadConfiguration(file: string | undefined, world: World = {}): Promise<Configuration> {
  const complete = completeWorld(world);
  const { env, cwd, conditions, secrets, log } = complete;
  const installed = findInstalled(complete, file);
  if (file === undefined) return emptyConfiguration(cwd, installed);
  const path = resolve(cwd, file);
  const context = {
    env,
    learn: secrets.learn,
    readers: () => sensorReaders(installed.packages, conditions, log().warn),
  };
  return readConfiguration(path, context, installed);
}
