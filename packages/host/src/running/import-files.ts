import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type HandlerEntry, IhandlerError } from '@ihandler/core';
import { makeDataFolder, sensorName } from '../assembly/data-folder.ts';
import { unknownSources } from '../assembly/file-source.ts';
import type { HostPlan } from '../assembly/host-plan.ts';
import { loadHandlers, type RequestedEntry } from '../assembly/load-handlers.ts';
import { openInputs } from '../assembly/recognise-file.ts';
import { configuredEntries, defaultEntries } from '../assembly/requested-handlers.ts';
import { type Entry, emptyConfiguration } from '../configuration/configuration.ts';
import { handlerResources } from '../diagnosis/resources.ts';
import { declaredOrigins } from '../origins/declared-origins.ts';
import type { Needs } from '../ownership/act-as-owner.ts';
import { watchdogLimits } from '../walls/raise-walls.ts';
import type { ImportProgress, ImportResult } from './import-result.ts';
import { readLiveStates } from './live-states.ts';
import { refuseOwnOutput } from './refuse-own-output.ts';
import { runImport } from './run-import.ts';

/** How to import files. */
export interface ImportOptions {
  /** Handlers beside those of the configuration; relative paths in their options start at the working directory. */
  readonly with?: readonly Entry[];
  /** The source to use instead of detecting it. */
  readonly from?: string | undefined;
  /** Where to write rejected input. It must not exist. @default `rejects-<time>.ndjson` in the data folder */
  readonly rejects?: string | undefined;
  readonly signal?: AbortSignal;
  /** Called four times a second, and at the end. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** A file in a folder that does not exist yet: `rejects-20261125T224503Z.ndjson`. */
function newFile(folder: string, kind: string, now: Date): string {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  for (let n = 1; ; n += 1) {
    const file = join(folder, `${kind}-${time}${n === 1 ? '' : `-${n}`}.ndjson`);
    if (!existsSync(file)) return file;
  }
}

function requestedWith(added: readonly Entry[]): readonly RequestedEntry[] {
  return added.map((entry) => ({ entry, path: [`--with ${entry.name}`] }));
}

async function handlersFor(plan: HostPlan, added: readonly Entry[]): Promise<readonly HandlerEntry[]> {
  const { configuration, context, world } = plan;
  const here = { ...context, folder: world.cwd };
  const unnamed = emptyConfiguration(world.cwd, context.installed);
  const configured = configuredEntries(plan);
  const own = await loadHandlers(configured, context, configuration, unknownSources(configuration));
  const requested = requestedWith(added);
  if (configured.length + requested.length > 0)
    return [...own, ...(await loadHandlers(requested, here, unnamed))];
  const defaults = defaultEntries(plan);
  if (configuration.file !== undefined && defaults.length > 0)
    world.log().warn('no handler configured; running the defaults', {
      ihandlers: defaults.map(({ entry }) => entry.name),
    });
  if (defaults.length > 0) return loadHandlers(defaults, here, unnamed);
  throw new IhandlerError(
    'OPTIONS_INVALID',
    'No handler given: name one, or a configuration. `ihandler list` shows the installed handlers.',
  );
}

/** What an import needs beside what the configuration names. */
export function importNeeds(
  { world }: HostPlan,
  files: readonly string[],
  { with: added = [], rejects }: ImportOptions = {},
): Needs {
  const named = files.filter((file) => file !== '-');
  return {
    reads: named.map((file) => resolve(world.cwd, file)),
    writes: rejects === undefined ? [] : [resolve(world.cwd, rejects)],
    added: requestedWith(added),
  };
}

/** Imports files once into the handlers of a plan; see `Host.import`. */
export async function importFiles(
  plan: HostPlan,
  files: readonly string[],
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { configuration, context, dataDir, world } = plan;
  const handlers = await handlersFor(plan, options.with ?? []);
  makeDataFolder(dataDir);
  const sensor = sensorName(dataDir, configuration.sensor, world.env);
  const inputs = await openInputs(files, {
    configuration,
    conditions: context.conditions,
    cwd: world.cwd,
    from: options.from,
    sensor,
  });
  refuseOwnOutput(
    inputs.map(({ file }) => file),
    handlerResources(plan, requestedWith(options.with ?? [])),
  );
  const rejects =
    options.rejects === undefined
      ? newFile(dataDir, 'rejects', new Date())
      : resolve(world.cwd, options.rejects);
  if (existsSync(rejects))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `--rejects: ${options.rejects} exists already: name a new file, or remove it.`,
    );
  return runImport({
    inputs,
    handlers,
    sensor,
    origins: declaredOrigins(
      context.installed,
      inputs.flatMap(({ reader }) => reader?.source ?? []),
    ),
    dataDir,
    rejects,
    deadLetters: newFile(dataDir, 'dead-letters', new Date()),
    signal: options.signal ?? new AbortController().signal,
    otherStates: () => readLiveStates(plan),
    log: world.log,
    onReopen: world.onReopen,
    patience: world.patience,
    walls: world,
    blocked: watchdogLimits(configuration)?.blocked,
    hide: world.secrets.hide,
    onProgress: options.onProgress ?? (() => undefined),
  });
}
