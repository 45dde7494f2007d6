import { dirname, join } from 'node:path';
import { createMemoryJournal, describeError, type Journal, type JournalModule } from '@ihandler/core';
import { optionProblemsAt, type Problem, withSuggestions } from '../configuration/problem.ts';
import { didYouMean } from '../did-you-mean.ts';
import { type Contribution, contributionsOf } from '../discovery/contributions.ts';
import { importExport } from '../discovery/load-module.ts';
import { optionsOf, resolvePaths } from '../discovery/option-schema.ts';
import type { HostPlan } from './host-plan.ts';

/** The name of the journal that does not need a package. */
const MEMORY = 'memory';

/** The journal of a host, loaded and not yet open. */
export interface LoadedJournal {
  readonly name: string;
  /** The options of its factory, paths absolute. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Its file, when its options name one. Absolute. */
  readonly file: string | undefined;
  /** Undefined for the in-memory one, which other processes cannot open. */
  readonly module: JournalModule | undefined;
  readonly journal: Journal;
}

type JournalContribution = Contribution<'journals'>;

/** The journal with a name, or the only installed one. Else why there is none. */
function contributionFor(
  named: string | undefined,
  contributions: readonly JournalContribution[],
): JournalContribution | string {
  const [first, ...more] =
    named === undefined ? contributions : contributions.filter(({ name }) => name === named);
  const names = [...contributions.map(({ name }) => name), MEMORY];
  if (first !== undefined && more.length === 0) return first;
  if (named !== undefined && first !== undefined)
    return `expected a name that one package has; found ${named}, which ${[first, ...more].map((contribution) => contribution.package.name).join(' and ')} have: uninstall one`;
  if (first !== undefined)
    return `expected one of ${names.join(', ')}; found nothing, and several are installed`;
  const install =
    'install one: npm search keywords:ihandler-journal; or set "journal: memory", which loses pending incidents in a crash';
  return named === undefined
    ? `expected a journal that is installed; found none (${install})`
    : `expected ${names.join(' or ')}; found ${JSON.stringify(named)}${didYouMean(named, names)} (${install})`;
}

/** The options with the default file of a journal that has the option `file`. */
function withFile(
  contribution: JournalContribution,
  config: Readonly<Record<string, unknown>>,
  dataDir: string,
) {
  const keepsFile = optionsOf(contribution.spec.options).some(([option]) => option === 'file');
  return keepsFile && config['file'] === undefined
    ? { ...config, file: join(dataDir, `journal.${contribution.name}`) }
    : config;
}

function isJournalModule(module: object): module is JournalModule {
  return 'default' in module && typeof module.default === 'function';
}

async function loadModule(
  contribution: JournalContribution,
  conditions: readonly string[],
): Promise<JournalModule> {
  const module = await importExport(contribution.package, contribution.spec.export, conditions);
  if (isJournalModule(module)) return module;
  throw new Error(
    `${contribution.package.name} ${contribution.package.version}: expected that its journal ${contribution.name} exports a default function; it does not`,
  );
}

/**
 * Loads the journal that `journal:` names, else the only installed one. Its file is in the data folder unless its options
 * say otherwise. Returns the problems when there is none.
 */
export async function loadJournal({
  configuration,
  context: { installed, conditions },
  dataDir,
}: Pick<HostPlan, 'configuration' | 'context' | 'dataDir'>): Promise<LoadedJournal | readonly Problem[]> {
  const path = ['journal'];
  const { journal: written, file } = configuration;
  const { name, config } = typeof written === 'object' ? written : { name: written, config: undefined };
  if (name === MEMORY && config && Object.keys(config).length > 0)
    return [{ path: [...path, 'config'], message: 'expected no options for the in-memory journal' }];
  if (name === MEMORY)
    return { name, options: {}, file: undefined, module: undefined, journal: createMemoryJournal() };
  const contribution = contributionFor(name, contributionsOf(installed.packages, 'journals'));
  if (typeof contribution === 'string') return [{ path, message: contribution }];
  try {
    const module = await loadModule(contribution, conditions);
    const folder = configuration.journalFolder ?? (file === undefined ? dataDir : dirname(file));
    const given = typeof config?.['file'] === 'string' ? { file: { type: 'string', format: 'path' } } : {};
    const properties = { ...Object.fromEntries(optionsOf(contribution.spec.options)), ...given };
    // Safe: resolvePaths returns a record for a record.
    const options = resolvePaths(
      { properties },
      withFile(contribution, config ?? {}, dataDir),
      folder,
    ) as Record<string, unknown>;
    const journal = module.default(options);
    const own = options['file'];
    return {
      name: contribution.name,
      options,
      file: typeof own === 'string' ? own : undefined,
      module,
      journal,
    };
  } catch (error) {
    const problems = optionProblemsAt(error, path);
    return problems.length > 0
      ? withSuggestions(problems, path, contribution.spec.options)
      : [{ path, message: describeError(error) }];
  }
}

/** Whether loading the journal has failed. */
export function hasProblems(result: LoadedJournal | readonly Problem[]): result is readonly Problem[] {
  return Array.isArray(result);
}
