import { realpathSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { HandlerEntry } from '@ihandler/core';
import { optionProblems } from '@ihandler/core';
import type { Configuration, Entry } from '../configuration/configuration.ts';
import { defaultFilters, filtersOf } from '../configuration/entry-filters.ts';
import { type ConfigPath, factoryProblems, type Problem, withSuggestions } from '../configuration/problem.ts';
import { type Contribution, contributionsOf, findContribution } from '../discovery/contributions.ts';
import { type Installed, packageAt } from '../discovery/find-packages.ts';
import { exportFile } from '../discovery/load-module.ts';
import { manifestProblems } from '../discovery/manifest-problems.ts';
import { type JsonSchema, resolvePaths } from '../discovery/option-schema.ts';
import type { Trust } from '../discovery/trust.ts';
import { statusOf } from '../file-status.ts';
import { createHandler } from '../isolation/create-handler.ts';
import { isolateHandler } from '../isolation/isolated-handler.ts';
import { isForeignPackage, isolationLimits } from '../isolation/limits.ts';
import type { HandlerProgram } from '../isolation/messages.ts';

/** Where handlers and sources are loaded from. */
export interface LoadContext {
  readonly installed: Installed;
  /** Where relative paths in options, and local handlers, start. Absolute. */
  readonly folder: string;
  readonly conditions: readonly string[];
  /** Which local handlers may be loaded. */
  readonly trust: Trust;
  /** The program of the threads of isolated handlers. */
  readonly worker: URL;
  /** Which handlers are isolated whose entry does not say. @default none */
  readonly isolate?: 'foreign' | false | undefined;
}

/** A handler to load, and where it was named. */
export interface RequestedEntry {
  readonly entry: Entry;
  readonly path: ConfigPath;
}

type CreatedEntry = { readonly entry: HandlerEntry } | { readonly problems: readonly Problem[] };

/** Whether a name is the path of a local file. */
export function isLocal(name: string): boolean {
  return /^\.\.?(?:[/\\]|$)/.test(name) || isAbsolute(name);
}

/** A handler that was found, and how it is created. */
interface FoundHandler extends Omit<HandlerProgram, 'options'> {
  readonly schema: JsonSchema;
  /** Whether it acts on something beside its own files. A local file does not say, so it may. */
  readonly acts: boolean;
  /** The default of the entry setting `mask`. */
  readonly mask: boolean;
  /** Whether others than the makers of this host wrote it. */
  readonly isForeign: boolean;
  /** Its file, or the folder of its package. */
  readonly location: string;
}

function findInPackage(
  { package: from, spec }: Contribution<'handlers'>,
  { conditions }: LoadContext,
  isLocalFolder = false,
): FoundHandler {
  const { options: schema, network, effects = false, mask = network } = spec;
  const isForeign = isLocalFolder || isForeignPackage(from.name);
  const file = exportFile(from, spec.export, conditions);
  return {
    file,
    owner: `${from.name} ${from.version}`,
    schema,
    acts: network || effects,
    mask,
    isOwn: false,
    isForeign,
    location: from.folder,
  };
}

/** Finds a local file, or a folder with a package that is not installed. */
function findLocal(path: string, name: string, context: LoadContext): FoundHandler | string {
  const distrusted = context.trust(path);
  if (distrusted !== undefined) return `${name} is not loaded: ${distrusted}`;
  if (!statusOf(path)?.isDirectory())
    return {
      file: path,
      owner: name,
      schema: {},
      acts: true,
      mask: false,
      isOwn: true,
      isForeign: true,
      location: path,
    };
  const found = packageAt(path, path);
  if (found === undefined)
    return `expected a file, or a package with the keyword and a field "ihandler" in its package.json; found the folder ${path}`;
  if ('problem' in found) return found.problem;
  const [contribution, ...more] = contributionsOf([found], 'handlers');
  if (contribution !== undefined && more.length === 0) return findInPackage(contribution, context, true);
  return `expected a package with one ihandler; found ${more.length === 0 ? 'none' : more.length + 1} in ${path}`;
}

function find({ entry }: RequestedEntry, context: LoadContext): FoundHandler | string {
  if (isLocal(entry.name))
    return findLocal(resolve(entry.folder ?? context.folder, entry.name), entry.name, context);
  const contribution = findContribution(contributionsOf(context.installed.packages, 'handlers'), entry.name);
  if (typeof contribution !== 'string') return findInPackage(contribution, context);
  return context.installed.unusable.find(({ name }) => name === entry.name)?.problem ?? contribution;
}

async function createEntry(requested: RequestedEntry, context: LoadContext): Promise<CreatedEntry> {
  const { entry, path } = requested;
  let schema: JsonSchema = {};
  let mismatches: readonly Problem[] = [];
  try {
    const found = find(requested, context);
    if (typeof found === 'string') return { problems: [{ path: [...path, 'name'], message: found }] };
    schema = found.schema;
    const options = resolvePaths(schema, entry.config ?? {}, entry.folder ?? context.folder);
    // Handlers of this family check their options themselves, and may take more forms than a manifest can say.
    const unchecked = found.isForeign ? schema : {};
    mismatches = manifestProblems(unchecked, options).map((each) => ({
      path: [...path, 'config', ...each.path],
      message: each.message,
    }));
    const { file, owner, isOwn } = found;
    const program = { file, owner, isOwn, options };
    const limits = isolationLimits(entry, context, found.isForeign);
    const handler = limits
      ? await isolateHandler(context.worker, program, limits)
      : await createHandler(program);
    if (typeof handler === 'string') return { problems: [{ path, message: handler }] };
    if (mismatches.length > 0) return { problems: withSuggestions(mismatches, path, schema) };
    return {
      entry: {
        handler,
        instance: entry.as ?? handler.name,
        // Incidents from before the handler was configured are not sent off this machine, and trigger nothing.
        from: entry.from ?? (found.acts ? 'end' : 'beginning'),
        mask: entry.mask ?? found.mask,
        location: realpathSync(found.location),
        ...filtersOf(entry, defaultFilters(context.installed.packages)),
      },
    };
  } catch (error) {
    // A factory that checks its options knows best; one that does not fails in words of its own.
    const own = optionProblems(error).length > 0 || mismatches.length === 0;
    const problems = own ? factoryProblems(error, entry.name, path) : mismatches;
    return { problems: withSuggestions(problems, path, schema) };
  }
}

function duplicateNames(entries: readonly { entry: HandlerEntry; path: ConfigPath }[]): Problem[] {
  const seen = new Set<string>();
  return entries.flatMap(({ entry: { instance = '' }, path }) => {
    if (!seen.has(instance)) {
      seen.add(instance);
      return [];
    }
    return [
      { path, message: `another entry is named ${instance}, too: give one of them another name with "as:"` },
    ];
  });
}

/**
 * Loads and creates every requested handler; starts none. Throws one error for all problems, worded by `configuration`;
 * `others` are problems found elsewhere, which it reports as well.
 */
export async function loadHandlers(
  requested: readonly RequestedEntry[],
  context: LoadContext,
  configuration: Pick<Configuration, 'error' | 'isBroken'>,
  others: readonly Problem[] = [],
): Promise<readonly HandlerEntry[]> {
  const created: { entry: HandlerEntry; path: ConfigPath }[] = [];
  const problems: Problem[] = [...others];
  for (const one of requested) {
    const result = await createEntry(one, context);
    if ('entry' in result) created.push({ entry: result.entry, path: one.path });
    else problems.push(...result.problems);
  }
  problems.push(...duplicateNames(created));
  if (problems.length > 0 || configuration.isBroken) throw configuration.error(problems);
  return created.map(({ entry }) => entry);
}
