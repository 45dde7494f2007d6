import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import {
  CONTRACT,
  describeError,
  type Handler,
  type HandlerEntry,
  isIhandlerError,
  optionProblems,
} from '@ihandler/core';
import {
  below,
  type ConfigPath,
  type Configuration,
  type Entry,
  type Problem,
} from '../configuration/configuration.ts';
import { filtersOf } from '../configuration/entry-filters.ts';
import { findOffer, type Offer, offersOf } from '../discovery/contributions.ts';
import { type Installed, packageAt } from '../discovery/find-packages.ts';
import { importExport, importFile, type Module } from '../discovery/load-module.ts';
import { type JsonSchema, resolvePaths } from '../discovery/option-schema.ts';

/** Where handlers come from. */
export interface Workshop {
  readonly installed: Installed;
  /** Relative paths in options, and local handlers, start here. */
  readonly folder: string;
  readonly conditions: readonly string[];
}

/** A handler that somebody asked for, and where. */
export interface Wanted {
  readonly entry: Entry;
  readonly path: ConfigPath;
}

type Made = { readonly entry: HandlerEntry } | { readonly problems: readonly Problem[] };
type Factory = (options: unknown) => unknown;

/** Whether a name is that of a file. */
export function isLocal(name: string): boolean {
  return /^\.\.?(?:[/\\]|$)/.test(name) || isAbsolute(name);
}

function ownerOf({ package: { name, version } }: Offer<'handlers'>): string {
  return `${name} ${version}`;
}

interface Loaded {
  /** How it is called in messages. */
  readonly owner: string;
  readonly schema: JsonSchema;
  readonly module: Module;
  /** Whether something leaves this machine because of it, as far as its package says. */
  readonly network: boolean;
  /** Whether it is a file of the user's own, which need not say what contract it is made for. */
  readonly isOwn: boolean;
}

async function loadOffer(offer: Offer<'handlers'>, { conditions }: Workshop): Promise<Loaded> {
  const module = await importExport(offer.package, offer.spec.export, conditions);
  const { options: schema, network } = offer.spec;
  return { owner: ownerOf(offer), schema, module, network, isOwn: false };
}

/** A file of the user's own, or a folder with a package that is not installed. */
async function loadLocal(path: string, name: string, workshop: Workshop): Promise<Loaded | string> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return { owner: name, schema: {}, module: await importFile(path, name), network: false, isOwn: true };
  const found = packageAt(path, path);
  if (found === undefined)
    return `expected a file, or a package with the keyword and a field "ihandler" in its package.json; found the folder ${path}`;
  if ('problem' in found) return found.problem;
  const [offer, ...more] = offersOf([found], 'handlers');
  if (offer !== undefined && more.length === 0) return loadOffer(offer, workshop);
  return `expected a package with one ihandler; found ${more.length === 0 ? 'none' : more.length + 1} in ${path}`;
}

async function load({ entry }: Wanted, workshop: Workshop): Promise<Loaded | string> {
  if (isLocal(entry.name))
    return loadLocal(resolve(entry.folder ?? workshop.folder, entry.name), entry.name, workshop);
  const offer = findOffer(offersOf(workshop.installed.packages, 'handlers'), entry.name);
  if (typeof offer !== 'string') return loadOffer(offer, workshop);
  return workshop.installed.unusable.find(({ name }) => name === entry.name)?.problem ?? offer;
}

/** A file of the user's own is written for the program that runs it: what does not say its contract gets ours. */
function stamped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'contract' in value) return value;
  return Object.isExtensible(value)
    ? Object.assign(value, { contract: CONTRACT })
    : { contract: CONTRACT, ...value };
}

/** Why what a factory returned is no handler; undefined when it is one, as far as the host must know. */
function wrongWith(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `expected a handler; found ${typeof value}`;
  const contract = 'contract' in value ? value.contract : undefined;
  if (contract !== CONTRACT)
    return `expected a handler of contract ${CONTRACT} (defineHandler stamps it); found contract ${JSON.stringify(contract) ?? 'missing'}`;
  return 'name' in value && typeof value.name === 'string' ? undefined : 'expected a handler with a name';
}

async function make(wanted: Wanted, workshop: Workshop): Promise<Made> {
  const { entry, path } = wanted;
  try {
    const loaded = await load(wanted, workshop);
    if (typeof loaded === 'string') return { problems: [{ path: [...path, 'name'], message: loaded }] };
    const offered = loaded.module['default'];
    const options = resolvePaths(loaded.schema, entry.config ?? {}, entry.folder ?? workshop.folder);
    // Safe: a factory is given what the user wrote and judges it; what it returns is checked below.
    const made = typeof offered === 'function' ? (offered as Factory)(options) : offered;
    const value = loaded.isOwn ? stamped(made) : made;
    const wrong = wrongWith(value);
    if (wrong !== undefined) return { problems: [{ path, message: `${loaded.owner}: ${wrong}` }] };
    // Safe: contract and name have been checked; the dispatcher checks the rest.
    const handler = value as Handler;
    return {
      entry: {
        handler,
        instance: entry.as ?? handler.name,
        // What happened before anybody asked for it is not sent away.
        from: entry.from ?? (loaded.network ? 'end' : 'beginning'),
        ...filtersOf(entry),
      },
    };
  } catch (error) {
    const problems = optionProblems(error).map((problem) => ({
      path: below([...path, 'config'], problem),
      message: problem.message,
    }));
    if (problems.length > 0) return { problems };
    const message = isIhandlerError(error) ? error.message : `${entry.name}: ${describeError(error)}`;
    return { problems: [{ path, message }] };
  }
}

function sameName(entries: readonly { entry: HandlerEntry; path: ConfigPath }[]): Problem[] {
  const seen = new Set<string>();
  return entries.flatMap(({ entry: { instance = '' }, path }) => {
    if (!seen.has(instance)) {
      seen.add(instance);
      return [];
    }
    return [{ path, message: `another entry is named ${instance} too: give one of them a name with "as:"` }];
  });
}

/**
 * Loads and makes every handler that is wanted; starts none. All that is wrong with any of them is told in one error,
 * which `configuration` words; `also` is what was found wrong elsewhere.
 */
export async function setUpHandlers(
  wanted: readonly Wanted[],
  workshop: Workshop,
  configuration: Pick<Configuration, 'error' | 'isBroken'>,
  also: readonly Problem[] = [],
): Promise<readonly HandlerEntry[]> {
  const made: { entry: HandlerEntry; path: ConfigPath }[] = [];
  const problems: Problem[] = [...also];
  for (const one of wanted) {
    const result = await make(one, workshop);
    if ('entry' in result) made.push({ entry: result.entry, path: one.path });
    else problems.push(...result.problems);
  }
  problems.push(...sameName(made));
  if (problems.length > 0 || configuration.isBroken) throw configuration.error(problems);
  return made.map(({ entry }) => entry);
}
