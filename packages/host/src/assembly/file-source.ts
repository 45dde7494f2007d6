import { CONTRACT, type FileSourceModule, IhandlerError, type Source } from '@ihandler/core';
import type { Configuration } from '../configuration/configuration.ts';
import { optionProblemsAt, type Problem } from '../configuration/problem.ts';
import { type Contribution, contributionsOf, findContribution } from '../discovery/contributions.ts';
import { importExport, type Module } from '../discovery/load-module.ts';
import { resolvePaths } from '../discovery/option-schema.ts';

/** How to read files. */
export interface InputOptions {
  readonly configuration: Configuration;
  readonly conditions: readonly string[];
  /** Where relative file names start. Absolute. */
  readonly cwd: string;
  /** The source to use instead of detecting it. */
  readonly from?: string | undefined;
  readonly sensor: string;
}

type SourceContribution = Contribution<'sources'>;

function isFileSourceModule(module: Module): module is Module & FileSourceModule {
  return typeof module['default'] === 'function' && typeof module['recognises'] === 'function';
}

/** Imports a source for files. Throws `HANDLER_INVALID` when its package does not export one. */
export async function loadFileSource(
  { package: from, name, spec }: SourceContribution,
  conditions: readonly string[],
): Promise<FileSourceModule> {
  const module = await importExport(from, spec.export, conditions);
  if (isFileSourceModule(module)) return module;
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${from.name} ${from.version}: the source ${name} must export a default function and recognises().`,
  );
}

/** The sources that read files (or standard input), in the order in which they were found: all, or the one of `from`. */
export function fileSources(
  { configuration, from }: InputOptions,
  reads: 'file' | 'stdin',
): readonly SourceContribution[] {
  const all = contributionsOf(configuration.installed.packages, 'sources');
  const readers = all.filter(({ spec }) => !spec.live && spec.reads.includes(reads));
  if (from === undefined) return readers;
  const chosen = findContribution(all, from);
  if (typeof chosen === 'string') throw new IhandlerError('OPTIONS_INVALID', `--from: ${chosen}`);
  if (chosen.spec.live)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `--from: ${chosen.name} is a live source: add it under "sources:" in a configuration and use "ihandler run".`,
    );
  if (chosen.spec.reads.includes(reads)) return [chosen];
  const what = reads === 'stdin' ? 'standard input or a pipe' : 'files';
  throw new IhandlerError('OPTIONS_INVALID', `--from: the source ${chosen.name} does not read ${what}.`);
}

/** The entry of a source in the configuration, and its index there, or -1. */
function entryOf(contribution: SourceContribution, { configuration, cwd }: InputOptions) {
  const all = contributionsOf(configuration.installed.packages, 'sources');
  const index = configuration.sources.findIndex(({ name }) => {
    const known = findContribution(all, name);
    return (
      typeof known === 'object' && known.name === contribution.name && known.package === contribution.package
    );
  });
  const entry = configuration.sources[index];
  return { index, config: entry?.config ?? {}, folder: entry?.folder ?? cwd };
}

/** Problems of the entries in `sources` that no installed package contributes. */
export function unknownSources({
  sources,
  installed,
}: Pick<Configuration, 'sources' | 'installed'>): readonly Problem[] {
  const all = contributionsOf(installed.packages, 'sources');
  return sources.flatMap(({ name }, index) => {
    const known = findContribution(all, name);
    return typeof known === 'string' ? [{ path: ['sources', index, 'name'], message: known }] : [];
  });
}

/** Creates the source of a file, with the options that the configuration has for it. */
export async function createFileSource(
  contribution: SourceContribution,
  file: string,
  options: InputOptions,
): Promise<Source> {
  const { configuration, conditions, sensor } = options;
  const module = await loadFileSource(contribution, conditions);
  const { index, config, folder } = entryOf(contribution, options);
  let source: Source;
  try {
    // Safe: resolvePaths returns a record for a record.
    const own = resolvePaths(contribution.spec.options, config, folder) as object;
    source = module.default({ ...own, file, sensor });
  } catch (error) {
    const problems = optionProblemsAt(error, ['sources', index]);
    if (index === -1 || problems.length === 0) throw error;
    throw configuration.error(problems);
  }
  if (source.contract === CONTRACT) return source;
  const { name, version } = contribution.package;
  throw new IhandlerError(
    'CONTRACT_UNKNOWN',
    `${name} ${version}: expected a source of contract ${CONTRACT}, found ${JSON.stringify(source.contract)}.`,
  );
}
