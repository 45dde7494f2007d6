import { CONTRACT, describeError, isIhandlerError, optionProblems, type Source } from '@ihandler/core';
import {
  below,
  type ConfigPath,
  type Configuration,
  type Entry,
  type Problem,
} from '../configuration/configuration.ts';
import { findOffer, type Offer, offersOf } from '../discovery/contributions.ts';
import { importExport } from '../discovery/load-module.ts';
import { optionsOf, resolvePaths } from '../discovery/option-schema.ts';
import type { Workshop } from './load-handlers.ts';

/** A source that goes on until it is told to stop, set up and not running. */
export interface LiveSource {
  readonly instance: string;
  /** The source's own name. */
  readonly name: string;
  /** The same source for every run, so that it can keep a cache between runs. */
  make(): Source;
}

/** What was set up, and what is wrong. */
export interface LiveSources {
  readonly sources: readonly LiveSource[];
  readonly problems: readonly Problem[];
}

type SourceOffer = Offer<'sources'>;
type Factory = (options: unknown) => unknown;

/**
 * The options of an entry as its factory gets them: paths absolute, and the sensor's name where there is an option for it,
 * which is one called `sensor` without a default of its own.
 */
export function sourceOptions(offer: SourceOffer, entry: Entry, folder: string, sensor: string): unknown {
  const config = entry.config ?? {};
  const takesSensor = optionsOf(offer.spec.options).some(
    ([option, schema]) => option === 'sensor' && schema['default'] === undefined,
  );
  const options = takesSensor && config['sensor'] === undefined ? { ...config, sensor } : config;
  return resolvePaths(offer.spec.options, options, entry.folder ?? folder);
}

/** Why what a factory returned is no source; undefined when it is one. */
function wrongWith(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `expected a source; found ${typeof value}`;
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

async function setUp(
  offer: SourceOffer,
  entry: Entry,
  { conditions, folder }: Workshop,
  sensor: string,
): Promise<LiveSource> {
  const module = await importExport(offer.package, offer.spec.export, conditions);
  const factory = module['default'];
  const owner = `${offer.package.name} ${offer.package.version}`;
  if (typeof factory !== 'function')
    throw new Error(
      `${owner}: expected that its source ${offer.name} exports a default function; it does not`,
    );
  const options = sourceOptions(offer, entry, folder, sensor);
  // Safe: a factory is given what the user wrote and judges it; what it returns is checked below.
  const made = (factory as Factory)(options);
  const wrong = wrongWith(made);
  if (wrong !== undefined) throw new Error(`${owner}: ${wrong}`);
  // Safe: contract, name and run have just been checked.
  const source = made as Source;
  return { instance: entry.as ?? source.name, name: source.name, make: () => source };
}

function problemsOf(error: unknown, entry: Entry, path: ConfigPath): readonly Problem[] {
  const problems = optionProblems(error);
  if (problems.length === 0) {
    const message = isIhandlerError(error) ? error.message : `${entry.name}: ${describeError(error)}`;
    return [{ path, message }];
  }
  return problems.map((problem) => ({
    path: below([...path, 'config'], problem),
    message: problem.message,
  }));
}

/** The entries of a configuration whose source is live, with what offers it. What nobody offers is told elsewhere. */
export function liveEntries(
  { sources }: Pick<Configuration, 'sources'>,
  { installed }: Pick<Workshop, 'installed'>,
): readonly { readonly entry: Entry; readonly offer: SourceOffer; readonly path: ConfigPath }[] {
  const offers = offersOf(installed.packages, 'sources');
  return sources.flatMap((entry, index) => {
    const offer = findOffer(offers, entry.name);
    return typeof offer === 'string' || !offer.spec.live ? [] : [{ entry, offer, path: ['sources', index] }];
  });
}

/** Loads and makes every live source of a configuration; runs none. Those for `import` are passed over. */
export async function setUpSources(
  configuration: Pick<Configuration, 'sources'>,
  workshop: Workshop,
  sensor: string,
): Promise<LiveSources> {
  const sources: LiveSource[] = [];
  const problems: Problem[] = [];
  for (const { entry, offer, path } of liveEntries(configuration, workshop))
    try {
      const source = await setUp(offer, entry, workshop, sensor);
      if (sources.some(({ instance }) => instance === source.instance))
        problems.push({
          path,
          message: `another source is named ${source.instance} too: give one of them a name with "as:"`,
        });
      else sources.push(source);
    } catch (error) {
      problems.push(...problemsOf(error, entry, path));
    }
  return { sources, problems };
}
