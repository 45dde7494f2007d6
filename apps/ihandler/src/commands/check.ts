import { type CommandArguments, describeError, escapeControls } from '@ihandler/core';
import type { App, BuiltIn } from '../app.ts';
import { type HostPlan, isConfigured, planHost } from '../host/assembly/host-plan.ts';
import { isLocal, setUpHandlers, type Wanted, type Workshop } from '../host/assembly/load-handlers.ts';
import { unknownSources } from '../host/assembly/recognise-file.ts';
import type { Configuration, Entry, Problem } from '../host/configuration/configuration.ts';
import { callControl } from '../host/control/control-client.ts';
import { accessProblems, folderProblem } from '../host/diagnosis/check-access.ts';
import { checkHost } from '../host/diagnosis/check-host.ts';
import { findOffer, type Offer, offersOf } from '../host/discovery/contributions.ts';
import { defaultHandlers } from '../host/discovery/default-handlers.ts';
import type { Installed } from '../host/discovery/find-packages.ts';
import { resolvePaths } from '../host/discovery/option-schema.ts';
import { destinationsIn, whatLeaves } from '../host/discovery/outbound-data.ts';
import { fold } from '../terminal/wrap-text.ts';
import { wantedBy } from './configured.ts';

function handlerOffer({ name }: Entry, { packages }: Installed): Offer<'handlers'> | undefined {
  const offer = isLocal(name) ? name : findOffer(offersOf(packages, 'handlers'), name);
  return typeof offer === 'string' ? undefined : offer;
}

async function handlerAccess(
  { entry, path }: Wanted,
  { installed, folder }: Workshop,
  isRunning: boolean,
): Promise<readonly Problem[]> {
  const offer = handlerOffer(entry, installed);
  if (offer === undefined) return [];
  const options = resolvePaths(offer.spec.options, entry.config ?? {}, entry.folder ?? folder);
  return accessProblems(offer.spec.options, options, [...path, 'config'], { mayCome: false, isRunning });
}

/** Those for `import`: live ones are looked at with what else `run` needs. */
async function sourceAccess(
  { sources }: Configuration,
  { installed, folder }: Workshop,
): Promise<readonly Problem[]> {
  const offers = offersOf(installed.packages, 'sources');
  const problems = sources.map(async (entry, index) => {
    const offer = findOffer(offers, entry.name);
    if (typeof offer === 'string' || offer.spec.live) return [];
    const options = resolvePaths(offer.spec.options, entry.config ?? {}, entry.folder ?? folder);
    return accessProblems(offer.spec.options, options, ['sources', index, 'config'], {
      mayCome: false,
      isRunning: false,
    });
  });
  return (await Promise.all(problems)).flat();
}

/** Everything that can be found wrong without starting anything. */
async function problemsOf(
  { configuration, workshop, dataDir }: HostPlan,
  wanted: readonly Wanted[],
  isRunning: boolean,
) {
  const data = folderProblem(dataDir);
  const handlers = await Promise.all(wanted.map((one) => handlerAccess(one, workshop, isRunning)));
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

/** The process that runs on a data folder: its ports are in use, and rightly. */
async function runningOn(dataDir: string, app: App): Promise<unknown> {
  try {
    return await callControl(dataDir, 'pid', {}, { timeout: 2000 });
  } catch (error) {
    app.log().info('cannot ask whether an ihandler runs', { error: describeError(error) });
    return undefined;
  }
}

async function runCheck(args: CommandArguments, app: App): Promise<number> {
  const { host, terminal } = app;
  const plan = planHost(args, app);
  const { configuration, workshop, dataDir } = plan;
  const { installed } = workshop;
  const wanted = isConfigured(plan)
    ? wantedBy(configuration, installed, app)
    : defaultHandlers(installed.packages).map(({ name }) => ({ entry: { name }, path: [name] }));
  const pid = await runningOn(dataDir, app);
  // The name that is kept in the data folder is not made here: nothing is changed.
  const sensor = configuration.sensor ?? host.env['IHANDLER_SENSOR'] ?? 'sensor';
  const running = await checkHost(plan, sensor, pid !== undefined);
  const problems = [...(await problemsOf(plan, wanted, pid !== undefined)), ...running.problems];
  const entries = await setUpHandlers(wanted, workshop, configuration, problems);
  const lines = [
    `${configuration.file ?? 'What runs without a configuration'} is in order.`,
    ...(pid === undefined
      ? []
      : [`  process ${String(pid)} runs here: ports are in use, and were not looked at`]),
    `  data: ${dataDir}`,
    ...running.lines,
    ...entries.map(({ instance = '' }, index) => {
      const one = wanted[index];
      return one === undefined ? '' : line(one, instance, installed);
    }),
    ...(entries.length === 0 ? ['  no ihandler would run'] : []),
  ];
  await terminal.write(
    `${lines.map((text) => fold(escapeControls(text), 4, terminal.columns)).join('\n')}\n`,
  );
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
