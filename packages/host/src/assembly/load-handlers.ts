import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { CONTRACT, type Handler, type HandlerEntry } from '@ihandler/core';
import { describeValue } from '@ihandler/core/kit';
import type { Configuration, Entry } from '../configuration/configuration.ts';
import { defaultFilters, filtersOf } from '../configuration/entry-filters.ts';
import { type ConfigPath, factoryProblems, type Problem, withSuggestions } from '../configuration/problem.ts';
import { type Contribution, contributionsOf, findContribution } from '../discovery/contributions.ts';
import { type Installed, packageAt } from '../discovery/find-packages.ts';
import { importExport, importFile, type Module } from '../discovery/load-module.ts';
import { type JsonSchema, resolvePaths } from '../discovery/option-schema.ts';

/** Where handlers and sources are loaded from. */
export interface LoadContext {
  readonly installed: Installed;
  /** Where relative paths in options, and local handlers, start. Absolute. */
  readonly folder: string;
  readonly conditions: readonly string[];
}

/** A handler to load, and where it was named. */
export interface RequestedEntry {
  readonly entry: Entry;
  readonly path: ConfigPath;
}

type CreatedEntry = { readonly entry: HandlerEntry } | { readonly problems: readonly Problem[] };
type Factory = (options: unknown) => unknown;

/** Whether a name is the path of a local file. */
export function isLocal(name: string): boolean {
  return /^\.\.?(?:[/\\]|$)/.test(name) || isAbsolute(name);
}

function ownerOf({ package: { name, version } }: Contribution<'handlers'>): string {
  return `${name} ${version}`;
}

interface Loaded {
  /** Its name in messages. */
  readonly owner: string;
  readonly schema: JsonSchema;
  readonly module: Module;
  /** Whether it acts on something beside its own files. A local file does not say, so it may. */
  readonly acts: boolean;
  /** The default of the entry setting `mask`. */
  readonly mask: boolean;
  /** Whether it is a local file, which need not declare its contract. */
  readonly isOwn: boolean;
}

async function loadContribution(
  contribution: Contribution<'handlers'>,
  { conditions }: LoadContext,
): Promise<Loaded> {
  const module = await importExport(contribution.package, contribution.spec.export, conditions);
  const { options: schema, network, effects = false, mask = network } = contribution.spec;
  const acts = network || effects;
  return { owner: ownerOf(contribution), schema, module, acts, mask, isOwn: false };
}

/** Loads a local file, or a folder with a package that is not installed. */
async function loadLocal(path: string, name: string, context: LoadContext): Promise<Loaded | string> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return {
      owner: name,
      schema: {},
      module: await importFile(path, name),
      acts: true,
      mask: false,
      isOwn: true,
    };
  const found = packageAt(path, path);
  if (found === undefined)
    return `expected a file, or a package with the keyword and a field "ihandler" in its package.json; found the folder ${path}`;
  if ('problem' in found) return found.problem;
  const [contribution, ...more] = contributionsOf([found], 'handlers');
  if (contribution !== undefined && more.length === 0) return loadContribution(contribution, context);
  return `expected a package with one ihandler; found ${more.length === 0 ? 'none' : more.length + 1} in ${path}`;
}

async function load({ entry }: RequestedEntry, context: LoadContext): Promise<Loaded | string> {
  if (isLocal(entry.name))
    return loadLocal(resolve(entry.folder ?? context.folder, entry.name), entry.name, context);
  const contribution = findContribution(contributionsOf(context.installed.packages, 'handlers'), entry.name);
  if (typeof contribution !== 'string') return loadContribution(contribution, context);
  return context.installed.unusable.find(({ name }) => name === entry.name)?.problem ?? contribution;
}

/** A local file is written for this version: a handler without a contract gets the current one. */
function withContract(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'contract' in value) return value;
  return Object.isExtensible(value)
    ? Object.assign(value, { contract: CONTRACT })
    : { contract: CONTRACT, ...value };
}

/** Why the value that a factory returned is not a handler; undefined when it is one, as far as the host checks. */
function handlerProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `expected a handler; found ${describeValue(value)}`;
  const contract = 'contract' in value ? value.contract : undefined;
  if (contract !== CONTRACT)
    return `expected a handler of contract ${CONTRACT} (defineHandler stamps it); found contract ${JSON.stringify(contract) ?? 'missing'}`;
  return 'name' in value && typeof value.name === 'string' ? undefined : 'expected a handler with a name';
}

async function createEntry(requested: RequestedEntry, context: LoadContext): Promise<CreatedEntry> {
  const { entry, path } = requested;
  let schema: JsonSchema = {};
  try {
    const loaded = await load(requested, context);
    if (typeof loaded === 'string') return { problems: [{ path: [...path, 'name'], message: loaded }] };
    schema = loaded.schema;
    const factory = loaded.module['default'];
    const options = resolvePaths(loaded.schema, entry.config ?? {}, entry.folder ?? context.folder);
    // Safe: a factory validates the options itself; its result is checked below.
    const made = typeof factory === 'function' ? (factory as Factory)(options) : factory;
    const value = loaded.isOwn ? withContract(made) : made;
    const wrong = handlerProblem(value);
    if (wrong !== undefined) return { problems: [{ path, message: `${loaded.owner}: ${wrong}` }] };
    // Safe: contract and name have been checked; the dispatcher checks the rest.
    const handler = value as Handler;
    return {
      entry: {
        handler,
        instance: entry.as ?? handler.name,
        // Incidents from before the handler was configured are not sent off this machine, and trigger nothing.
        from: entry.from ?? (loaded.acts ? 'end' : 'beginning'),
        mask: entry.mask ?? loaded.mask,
        ...filtersOf(entry, defaultFilters(context.installed.packages)),
      },
    };
  } catch (error) {
    return { problems: withSuggestions(factoryProblems(error, entry.name, path), path, schema) };
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
