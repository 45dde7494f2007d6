import { CONTRACT, type Source } from '@ihandler/core';
import { describeValue } from '@ihandler/core/kit';
import type { Configuration, Entry } from '../configuration/configuration.ts';
import { type ConfigPath, factoryProblems, type Problem, withSuggestions } from '../configuration/problem.ts';
import { type Contribution, contributionsOf, findContribution } from '../discovery/contributions.ts';
import { importExport } from '../discovery/load-module.ts';
import { optionsOf, resolvePaths } from '../discovery/option-schema.ts';
import type { LoadContext } from './load-handlers.ts';

/** A live source, loaded and not running. */
export interface LiveSource {
  readonly instance: string;
  /** The source's own name. */
  readonly name: string;
  /** The same source for every run, so that it can keep a cache between runs. */
  make(): Source;
}

/** The live sources of a configuration, and the problems of those that could not be loaded. */
export interface LiveSources {
  readonly sources: readonly LiveSource[];
  readonly problems: readonly Problem[];
}

type SourceContribution = Contribution<'sources'>;
type Factory = (options: unknown) => unknown;

/**
 * The options of an entry as its factory gets them: paths absolute, and the sensor's name where there is an option for it,
 * which is one called `sensor` without a default of its own.
 */
export function sourceOptions(
  contribution: SourceContribution,
  entry: Entry,
  folder: string,
  sensor: string,
): unknown {
  const config = entry.config ?? {};
  const takesSensor = optionsOf(contribution.spec.options).some(
    ([option, schema]) => option === 'sensor' && schema['default'] === undefined,
  );
  const options = takesSensor && config['sensor'] === undefined ? { ...config, sensor } : config;
  return resolvePaths(contribution.spec.options, options, entry.folder ?? folder);
}

/** Why the value that a factory returned is not a source; undefined when it is one. */
function sourceProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `expected a source; found ${describeValue(value)}`;
  const contract = 'contract' in value ? value.contract : undefined;
  if (contract !== CONTRACT)
    return `expected a source of contract ${CONTRACT} (defineSource stamps it); found contract ${JSON.stringify(contract) ?? 'missing'}`;
  return 'name' in value &&
    typeof value.name === 'string' &&
    'run' in value &&
    typeof value.run === 'function'
    ? undefined
    : 'expected a source with a name and run()';
}

async function loadSource(
  contribution: SourceContribution,
  entry: Entry,
  { conditions, folder }: LoadContext,
  sensor: string,
): Promise<LiveSource> {
  const module = await importExport(contribution.package, contribution.spec.export, conditions);
  const factory = module['default'];
  const owner = `${contribution.package.name} ${contribution.package.version}`;
  if (typeof factory !== 'function')
    throw new Error(
      `${owner}: expected its source ${contribution.name} to export a default function; it does not`,
    );
  const options = sourceOptions(contribution, entry, folder, sensor);
  // Safe: a factory validates the options itself; its result is checked below.
  const made = (factory as Factory)(options);
  const wrong = sourceProblem(made);
  if (wrong !== undefined) throw new Error(`${owner}: ${wrong}`);
  // Safe: contract, name and run have just been checked.
  const source = made as Source;
  return { instance: entry.as ?? source.name, name: source.name, make: () => source };
}

/** The live sources of a configuration. Unknown names are reported elsewhere. */
export function liveEntries(
  { sources }: Pick<Configuration, 'sources'>,
  { installed }: Pick<LoadContext, 'installed'>,
): readonly {
  readonly entry: Entry;
  readonly contribution: SourceContribution;
  readonly path: ConfigPath;
}[] {
  const contributions = contributionsOf(installed.packages, 'sources');
  return sources.flatMap((entry, index) => {
    const contribution = findContribution(contributions, entry.name);
    return typeof contribution === 'string' || !contribution.spec.live
      ? []
      : [{ entry, contribution, path: ['sources', index] }];
  });
}

/** Loads and creates every live source of a configuration; runs none. Sources for `import` are skipped. */
export async function loadSources(
  configuration: Pick<Configuration, 'sources'>,
  context: LoadContext,
  sensor: string,
): Promise<LiveSources> {
  const sources: LiveSource[] = [];
  const problems: Problem[] = [];
  for (const { entry, contribution, path } of liveEntries(configuration, context))
    try {
      const source = await loadSource(contribution, entry, context, sensor);
      if (sources.some(({ instance }) => instance === source.instance))
        problems.push({
          path,
          message: `another source is named ${source.instance}, too: give one of them a name with "as:"`,
        });
      else sources.push(source);
    } catch (error) {
      problems.push(
        ...withSuggestions(factoryProblems(error, entry.name, path), path, contribution.spec.options),
      );
    }
  return { sources, problems };
}
