import { dirname } from 'node:path';
import { type CommandArguments, harmless } from '@ihandler/core';
import { accessProblems, folderProblem } from './access-problems.ts';
import type { App, BuiltIn } from './app.ts';
import { unknownSources } from './choose-source.ts';
import type { Configuration, Entry, Problem } from './configuration.ts';
import { configurationFor, wantedBy } from './configured.ts';
import { defaultDataFolder } from './data-folder.ts';
import { defaultHandlers } from './default-handlers.ts';
import { findPackages, type Installed } from './find-packages.ts';
import { fold } from './fold.ts';
import { findOffer, type Offer, offersOf } from './offers.ts';
import { resolvePaths } from './option-schema.ts';
import { isLocal, setUpHandlers, type Wanted, type Workshop } from './set-up-handlers.ts';
import { destinationsIn, whatLeaves } from './what-leaves.ts';

function handlerOffer({ name }: Entry, { packages }: Installed): Offer<'handlers'> | undefined {
  const offer = isLocal(name) ? name : findOffer(offersOf(packages, 'handlers'), name);
  return typeof offer === 'string' ? undefined : offer;
}

async function handlerAccess(
  { entry, path }: Wanted,
  { installed, folder }: Workshop,
): Promise<readonly Problem[]> {
  const offer = handlerOffer(entry, installed);
  if (offer === undefined) return [];
  const options = resolvePaths(offer.spec.options, entry.config ?? {}, entry.folder ?? folder);
  return accessProblems(offer.spec.options, options, [...path, 'config']);
}

async function sourceAccess(
  { sources }: Configuration,
  { installed, folder }: Workshop,
): Promise<readonly Problem[]> {
  const offers = offersOf(installed.packages, 'sources');
  const problems = sources.map(async (entry, index) => {
    const offer = findOffer(offers, entry.name);
    if (typeof offer === 'string') return [];
    const options = resolvePaths(offer.spec.options, entry.config ?? {}, entry.folder ?? folder);
    return accessProblems(offer.spec.options, options, ['sources', index, 'config']);
  });
  return (await Promise.all(problems)).flat();
}

/** Everything that can be found wrong without starting anything. */
async function problemsOf(
  configuration: Configuration,
  wanted: readonly Wanted[],
  workshop: Workshop,
  dataDir: string,
) {
  const data = folderProblem(dataDir);
  const handlers = await Promise.all(wanted.map((one) => handlerAccess(one, workshop)));
  return [
    ...unknownSources(configuration, workshop.installed),
    ...(data === undefined ? [] : [{ path: ['data'], message: data }]),
    ...handlers.flat(),
    ...(await sourceAccess(configuration, workshop)),
  ];
}

function line({ entry }: Wanted, instance: string, installed: Installed): string {
  const offer = handlerOffer(entry, installed);
  if (offer === undefined) return `  ${instance}: ${entry.name} is your own: nobody says what it sends`;
  const to = offer.spec.network ? destinationsIn(entry.config) : [];
  return `  ${instance}: ${whatLeaves(offer)}${to.length > 0 ? `, to ${to.join(', ')}` : ''}`;
}

async function runCheck(args: CommandArguments, app: App): Promise<number> {
  const { host, terminal } = app;
  const configuration = configurationFor(args, app);
  const folder = configuration.file === undefined ? host.cwd : dirname(configuration.file);
  const installed = findPackages([folder, host.cwd, host.prefix]);
  for (const { problem } of installed.unusable) app.log().warning(problem);
  const workshop = { installed, folder, conditions: host.conditions ?? [] };
  const wanted =
    configuration.file === undefined
      ? defaultHandlers(installed.packages).map(({ name }) => ({ entry: { name }, path: [name] }))
      : wantedBy(configuration, installed, app);
  const dataDir = configuration.data ?? defaultDataFolder(host.env);
  const problems = await problemsOf(configuration, wanted, workshop, dataDir);
  const entries = await setUpHandlers(wanted, workshop, configuration, problems);
  const lines = [
    `${configuration.file ?? 'What runs without a configuration'} is in order.`,
    `  data: ${dataDir}`,
    ...entries.map(({ instance = '' }, index) => {
      const one = wanted[index];
      return one === undefined ? '' : line(one, instance, installed);
    }),
    ...(entries.length === 0 ? ['  no ihandler would run'] : []),
  ];
  await terminal.write(`${lines.map((text) => fold(harmless(text), 4, terminal.columns)).join('\n')}\n`);
  return 0;
}

/** `check`: tells everything that is wrong with a configuration at once; starts nothing and changes nothing. */
export const checkCommand: BuiltIn = {
  name: 'check',
  summary: 'Tell all that is wrong with a configuration, and what leaves the machine',
  usage: '[-c FILE.yaml]',
  options: {
    config: { type: 'string', short: 'c', value: 'FILE.yaml', help: 'What to check' },
  },
  examples: [['ihandler check -c my.yaml', 'before it runs: also opens its files, folders and ports']],
  run: runCheck,
};
