import { dirname, join } from 'node:path';
import {
  createMemoryJournal,
  describeError,
  type Journal,
  type JournalModule,
  optionProblems,
} from '@ihandler/core';
import { below, type ConfigPath, type Configuration, type Problem } from '../configuration/configuration.ts';
import { didYouMean } from '../did-you-mean.ts';
import { type Offer, offersOf } from '../discovery/contributions.ts';
import type { Installed } from '../discovery/find-packages.ts';
import { importExport } from '../discovery/load-module.ts';
import { optionsOf, resolvePaths } from '../discovery/option-schema.ts';

/** The name of the journal that needs no package. */
const MEMORY = 'memory';

/** The journal that a program is to use, not yet open. */
export interface ChosenJournal {
  readonly name: string;
  /** What its own factory takes, paths absolute. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Its file, when its options name one. Absolute. */
  readonly file: string | undefined;
  /** Undefined for the in-memory one, which nobody else can look into. */
  readonly module: JournalModule | undefined;
  readonly journal: Journal;
}

/** What choosing a journal needs to know. */
export interface JournalChoice {
  readonly configuration: Configuration;
  readonly installed: Installed;
  readonly conditions: readonly string[];
  readonly dataDir: string;
}

type JournalOffer = Offer<'journals'>;

/** The one that is named, or the only one that is installed. Else why there is none. */
function offerFor(named: string | undefined, offers: readonly JournalOffer[]): JournalOffer | string {
  const [first, ...more] = named === undefined ? offers : offers.filter(({ name }) => name === named);
  const names = [...offers.map(({ name }) => name), MEMORY];
  if (first !== undefined && more.length === 0) return first;
  if (named !== undefined && first !== undefined)
    return `expected a name that one package has; found ${named}, which ${[first, ...more].map((offer) => offer.package.name).join(' and ')} have: uninstall one`;
  if (first !== undefined)
    return `expected one of ${names.join(', ')}; found nothing, and several are installed`;
  const install =
    'to install the durable journal: npm install @ihandler/journal-sqlite; to do without, so that a crash loses what waits: journal: memory';
  return named === undefined
    ? `expected a journal that is installed; found none (${install})`
    : `expected ${names.join(' or ')}; found ${JSON.stringify(named)}${didYouMean(named, names)} (${install})`;
}

/** Where a journal that keeps a file has it when nobody says. */
function withFile(offer: JournalOffer, config: Readonly<Record<string, unknown>>, dataDir: string) {
  const keepsFile = optionsOf(offer.spec.options).some(([option]) => option === 'file');
  return keepsFile && config['file'] === undefined
    ? { ...config, file: join(dataDir, `journal.${offer.name}`) }
    : config;
}

function isJournalModule(module: object): module is JournalModule {
  return 'default' in module && typeof module.default === 'function';
}

async function load(offer: JournalOffer, conditions: readonly string[]): Promise<JournalModule> {
  const module = await importExport(offer.package, offer.spec.export, conditions);
  if (isJournalModule(module)) return module;
  throw new Error(
    `${offer.package.name} ${offer.package.version}: expected that its journal ${offer.name} exports a default function; it does not`,
  );
}

function problemsOf(error: unknown, path: ConfigPath): readonly Problem[] {
  const problems = optionProblems(error);
  if (problems.length === 0) return [{ path, message: describeError(error) }];
  return problems.map((problem) => ({
    path: below([...path, 'config'], problem),
    message: problem.message,
  }));
}

/**
 * The journal of a configuration: what its `journal:` says, else the only one that is installed, with its file in the data
 * folder when nobody says where. Or what is wrong.
 */
export async function chooseJournal({
  configuration,
  installed,
  conditions,
  dataDir,
}: JournalChoice): Promise<ChosenJournal | readonly Problem[]> {
  const path = ['journal'];
  const { journal: written, file } = configuration;
  const { name, config } = typeof written === 'object' ? written : { name: written, config: undefined };
  if (name === MEMORY && config && Object.keys(config).length > 0)
    return [{ path: [...path, 'config'], message: 'expected no options for the in-memory journal' }];
  if (name === MEMORY)
    return { name, options: {}, file: undefined, module: undefined, journal: createMemoryJournal() };
  const offer = offerFor(name, offersOf(installed.packages, 'journals'));
  if (typeof offer === 'string') return [{ path, message: offer }];
  try {
    const module = await load(offer, conditions);
    const folder = configuration.journalFolder ?? (file === undefined ? dataDir : dirname(file));
    const given = typeof config?.['file'] === 'string' ? { file: { type: 'string', format: 'path' } } : {};
    const properties = { ...Object.fromEntries(optionsOf(offer.spec.options)), ...given };
    // Safe: resolvePaths returns a record for a record.
    const options = resolvePaths({ properties }, withFile(offer, config ?? {}, dataDir), folder) as Record<
      string,
      unknown
    >;
    const journal = module.default(options);
    const own = options['file'];
    return { name: offer.name, options, file: typeof own === 'string' ? own : undefined, module, journal };
  } catch (error) {
    return problemsOf(error, path);
  }
}

/** Whether choosing has found what is wrong. */
export function isWrong(choice: ChosenJournal | readonly Problem[]): choice is readonly Problem[] {
  return Array.isArray(choice);
}
