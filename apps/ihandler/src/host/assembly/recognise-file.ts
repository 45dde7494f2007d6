import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  CONTRACT,
  describeError,
  type FileSourceModule,
  IhandlerError,
  isIhandlerError,
  optionProblems,
  type Source,
} from '@ihandler/core';
import { below, type Configuration, type Problem } from '../configuration/configuration.ts';
import { findOffer, type Offer, offersOf } from '../discovery/contributions.ts';
import type { Installed } from '../discovery/find-packages.ts';
import { importExport, type Module } from '../discovery/load-module.ts';
import { resolvePaths } from '../discovery/option-schema.ts';
import { readHead } from './read-head.ts';

/** A file and what reads it. */
export interface Input {
  /** As the user named it. */
  readonly file: string;
  /** In bytes; undefined when nobody can know. */
  readonly size: number | undefined;
  /** The name of the source, and the source; undefined for an empty file, which nobody needs to read. */
  readonly reader: { readonly name: string; readonly source: Source } | undefined;
}

/** What choosing needs to know. */
export interface Choice {
  readonly installed: Installed;
  readonly conditions: readonly string[];
  readonly configuration: Configuration;
  /** Relative file names start here. */
  readonly cwd: string;
  /** The source that the user named. */
  readonly from: string | undefined;
  readonly sensor: string;
}

type SourceOffer = Offer<'sources'>;

function unreadable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, { cause });
}

function isFileSourceModule(module: Module): module is Module & FileSourceModule {
  return typeof module['default'] === 'function' && typeof module['recognises'] === 'function';
}

async function loadSource(offer: SourceOffer, choice: Choice): Promise<FileSourceModule> {
  const module = await importExport(offer.package, offer.spec.export, choice.conditions);
  if (isFileSourceModule(module)) return module;
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${offer.package.name} ${offer.package.version}: expected that its source ${offer.name} exports a default function and recognises(); it does not.`,
  );
}

/** The sources that may be asked for a file (or for standard input), in the order in which they were found. */
function candidates(choice: Choice, reads: 'file' | 'stdin'): readonly SourceOffer[] {
  const all = offersOf(choice.installed.packages, 'sources');
  const readers = all.filter(({ spec }) => !spec.live && spec.reads.includes(reads));
  if (choice.from === undefined) return readers;
  const chosen = findOffer(all, choice.from);
  if (typeof chosen === 'string') throw new IhandlerError('OPTIONS_INVALID', `--from: ${chosen}`);
  if (chosen.spec.live)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `--from: the source ${chosen.name} goes on until it is told to stop: name it in a configuration, and use run.`,
    );
  if (chosen.spec.reads.includes(reads)) return [chosen];
  const what = reads === 'stdin' ? 'standard input or a pipe' : 'files';
  throw new IhandlerError('OPTIONS_INVALID', `--from: the source ${chosen.name} does not read ${what}.`);
}

function describeOffers(offers: readonly SourceOffer[]): string {
  if (offers.length === 0)
    return '\n  no source for files is installed; `npm search keywords:ihandler` finds some';
  return offers.map(({ name, spec }) => `\n  ${name}: ${spec.summary}`).join('');
}

/** The options that the configuration gives to a source. */
function configured(offer: SourceOffer, { configuration, installed, cwd }: Choice) {
  const all = offersOf(installed.packages, 'sources');
  const index = configuration.sources.findIndex(({ name }) => {
    const found = findOffer(all, name);
    return typeof found === 'object' && found.name === offer.name && found.package === offer.package;
  });
  const entry = configuration.sources[index];
  return { index, config: entry?.config ?? {}, folder: entry?.folder ?? cwd };
}

/** What a configuration names as a source and nothing offers. */
export function unknownSources({ sources }: Configuration, { packages }: Installed): readonly Problem[] {
  const all = offersOf(packages, 'sources');
  return sources.flatMap(({ name }, index) => {
    const found = findOffer(all, name);
    return typeof found === 'string' ? [{ path: ['sources', index, 'name'], message: found }] : [];
  });
}

async function makeSource(offer: SourceOffer, file: string, choice: Choice): Promise<Source> {
  const module = await loadSource(offer, choice);
  const { index, config, folder } = configured(offer, choice);
  const options = resolvePaths(offer.spec.options, config, folder);
  let source: Source;
  try {
    // Safe: resolvePaths returns a record for a record.
    source = module.default({ ...(options as object), file, sensor: choice.sensor });
  } catch (error) {
    const problems = optionProblems(error);
    if (index === -1 || problems.length === 0) throw error;
    throw choice.configuration.error(
      problems.map((problem) => ({
        path: below(['sources', index, 'config'], problem),
        message: problem.message,
      })),
    );
  }
  if (source.contract === CONTRACT) return source;
  throw new IhandlerError(
    'CONTRACT_UNKNOWN',
    `${offer.package.name} ${offer.package.version}: expected a source of contract ${CONTRACT}, found ${JSON.stringify(source.contract)}.`,
  );
}

/** A pipe or standard input cannot be looked at without taking from it: the only source that reads such a thing has it. */
async function forPipe(named: string, file: string, choice: Choice): Promise<Input> {
  const offers = candidates(choice, 'stdin');
  const [only] = offers;
  if (only === undefined || offers.length > 1) {
    const names = offers.map(({ name }) => name).join(', ');
    throw new IhandlerError(
      'OPTIONS_INVALID',
      only === undefined
        ? 'No source that reads standard input is installed; `npm search keywords:ihandler` finds some.'
        : `Several sources read standard input: choose one with --from (${names}).`,
    );
  }
  return {
    file: named,
    size: undefined,
    reader: { name: only.name, source: await makeSource(only, file, choice) },
  };
}

async function recogniser(file: string, named: string, choice: Choice): Promise<SourceOffer> {
  const offers = candidates(choice, 'file');
  if (choice.from !== undefined && offers[0]) return offers[0];
  const head = await readHead(file).catch((cause: unknown) => {
    throw unreadable(`${named} cannot be read: ${describeError(cause)}`, cause);
  });
  const failed: string[] = [];
  for (const offer of offers)
    try {
      if ((await loadSource(offer, choice)).recognises(head, file)) return offer;
    } catch (error) {
      failed.push(`\n  ${describeError(error)}`);
    }
  throw unreadable(
    `${named} is not of a kind that an installed source reads:${describeOffers(offers)}${failed.join('')}\nIf it is one of these all the same, name the source with --from.`,
  );
}

async function inputFor(named: string, choice: Choice): Promise<Input> {
  if (named === '-') return forPipe(named, '-', choice);
  const file = resolve(choice.cwd, named);
  let size: number;
  try {
    const status = await stat(file);
    if (status.isDirectory()) throw unreadable(`${named} is a folder: name the files in it.`);
    // Opening a pipe takes from it or waits for a writer; that is for the source to do, once.
    if (!status.isFile()) return await forPipe(named, file, choice);
    await (await open(file)).close();
    size = status.size;
  } catch (cause) {
    if (isIhandlerError(cause)) throw cause;
    throw unreadable(`${named} cannot be read: ${describeError(cause)}`, cause);
  }
  if (size === 0) return { file: named, size, reader: undefined };
  const offer = await recogniser(file, named, choice);
  return { file: named, size, reader: { name: offer.name, source: await makeSource(offer, file, choice) } };
}

/**
 * Finds for each file the installed source that reads it, before anything is read. What is wrong with any of them is told
 * together, as one error.
 */
export async function chooseSources(files: readonly string[], choice: Choice): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  const errors: IhandlerError[] = [];
  for (const file of files)
    try {
      inputs.push(await inputFor(file, choice));
    } catch (error) {
      if (!isIhandlerError(error)) throw error;
      errors.push(error);
    }
  if (errors.length === 1 && errors[0]) throw errors[0];
  const [first] = errors;
  if (first)
    throw new IhandlerError(first.code, errors.map(({ message }) => message).join('\n'), { cause: first });
  return inputs;
}
