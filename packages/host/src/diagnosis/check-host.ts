import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '@ihandler/core';
import { unknownSources } from '../assembly/file-source.ts';
import type { HostPlan } from '../assembly/host-plan.ts';
import { loadHandlers } from '../assembly/load-handlers.ts';
import { hasProblems, type LoadedJournal, loadJournal } from '../assembly/load-journal.ts';
import { liveEntries, loadSources } from '../assembly/load-sources.ts';
import { instanceName } from '../assembly/prepare-host.ts';
import { handlerOf, requestedEntries } from '../assembly/requested-handlers.ts';
import { formatPath, type Problem } from '../configuration/problem.ts';
import { connectControl } from '../control/connect-control.ts';
import { describeOutbound, destinationsIn } from '../discovery/outbound-data.ts';
import { isolationOf } from '../isolation/isolated-handler.ts';
import { healthAddress } from '../status/health-server.ts';
import { accessProblems, folderProblem, portProblem } from './check-access.ts';
import { ownFindings } from './check-sources.ts';
import { configurationWarnings, type JournalContents } from './configuration-warnings.ts';
import { endpointText } from './endpoint-text.ts';
import type { Finding } from './finding.ts';
import { ownInputProblems } from './own-inputs.ts';
import { handlerResources, importResources, liveResources, type Resource } from './resources.ts';

/** A handler of a checked host. */
export interface CheckedHandler {
  readonly instance: string;
  /** The data it sends off this machine, from its manifest; undefined for a local file. */
  readonly outbound: string | undefined;
  /** Where its options send data to. */
  readonly destinations: readonly string[];
  /** Whether it gets incidents with the sensor's address masked, or only facts. */
  readonly mask: boolean | 'facts';
  /** Whether it runs in a thread of its own. */
  readonly isIsolated: boolean;
}

/** What a valid configuration runs. */
export interface CheckReport {
  /** The process that runs on the data folder: its ports are in use, and were not checked. */
  readonly pid: number | undefined;
  /** The data folder. Absolute. */
  readonly data: string;
  /** Undefined for a configuration that only `import` uses. */
  readonly journal: { readonly name: string; readonly file: string | undefined } | undefined;
  /** The live sources, with the addresses they listen on and the files they read. */
  readonly sources: readonly {
    readonly instance: string;
    readonly listensOn: readonly string[];
    readonly reads: readonly string[];
  }[];
  /** The address of health and metrics; `off`, or undefined for a configuration that only `import` uses. */
  readonly health: string | undefined;
  readonly handlers: readonly CheckedHandler[];
  /** What may not work as expected. */
  readonly warnings: readonly Finding[];
}

async function runningPid({ dataDir, world }: HostPlan): Promise<number | undefined> {
  try {
    return await connectControl(dataDir).pid({ timeout: 2000 });
  } catch (error) {
    world.log().info('cannot find out whether an ihandler runs', { error: describeError(error) });
    return undefined;
  }
}

async function journalOf(plan: HostPlan) {
  const loaded = await loadJournal(plan);
  if (hasProblems(loaded)) return { journal: undefined, loaded: undefined, problems: loaded };
  const { name, file } = loaded;
  const message = file === undefined ? undefined : folderProblem(dirname(file));
  return {
    journal: { name, file },
    loaded,
    problems: message === undefined ? [] : [{ path: ['journal'], message }],
  };
}

/** What a journal holds; undefined when it does not exist yet or cannot be read, which is reported elsewhere. */
function contentsOf(loaded: LoadedJournal | undefined): JournalContents | undefined {
  if (loaded?.module?.view === undefined || loaded.file === undefined || !existsSync(loaded.file))
    return undefined;
  try {
    const view = loaded.module.view(loaded.options);
    try {
      const { before, last } = view.bounds();
      return { instances: Object.keys(view.cursors()), incidents: last - before };
    } finally {
      view.close();
    }
  } catch {
    return undefined; // doctor says why
  }
}

async function healthProblems(
  address: ReturnType<typeof healthAddress>,
  isRunning: boolean,
): Promise<readonly Problem[]> {
  if (address === undefined || isRunning || address.port === 0) return [];
  const message = await portProblem(address.port, address.host);
  return message === undefined ? [] : [{ path: ['health'], message: `${message}; or set "health: off"` }];
}

function ofInstance(resources: readonly Resource[], instance: string) {
  const own = resources.filter((resource) => resource.instance === instance);
  return {
    listensOn: own.flatMap(({ target }) => (typeof target === 'object' ? [endpointText(target)] : [])),
    reads: own.flatMap(({ target, access }) =>
      typeof target === 'string' && access === 'read' ? [target] : [],
    ),
  };
}

/**
 * Checks a configuration without starting or changing anything: its entries and options, and whether this user can open
 * the files, folders and ports that it names. Throws one error with all problems.
 */
export async function checkHost(plan: HostPlan): Promise<CheckReport> {
  const { configuration, context, dataDir, world } = plan;
  const requested = requestedEntries(plan);
  const pid = await runningPid(plan);
  // The name in the data folder is not created here: a check changes nothing.
  const sensor = configuration.sensor ?? (world.env['IHANDLER_SENSOR'] || 'sensor');
  const isLive = liveEntries(configuration, context).length > 0;
  const needsJournal = isLive || configuration.journal !== undefined;
  const {
    journal,
    loaded,
    problems: journalProblems,
  } = needsJournal ? await journalOf(plan) : { journal: undefined, loaded: undefined, problems: [] };
  const live = await loadSources(configuration, context, sensor);
  const resources = liveResources(plan, sensor);
  const address = healthAddress(configuration);
  const data = folderProblem(dataDir);
  const all = [...handlerResources(plan), ...importResources(plan), ...resources];
  const problems: readonly Problem[] = [
    ...unknownSources(configuration),
    ...(data === undefined ? [] : [{ path: ['data'], message: data }]),
    ...ownInputProblems(handlerResources(plan), resources),
    ...(await accessProblems(all, pid !== undefined)),
    ...journalProblems,
    ...live.problems,
    ...(isLive || configuration.health !== undefined ? await healthProblems(address, pid !== undefined) : []),
  ];
  const handlers = await loadHandlers(requested, context, configuration, problems);
  const warnings = await configurationWarnings(plan, handlers, loaded, contentsOf(loaded));
  return {
    pid,
    warnings: [
      ...(await ownFindings(live.sources)),
      ...warnings.map(
        ({ path, message }): Finding => ({
          severity: 'warning',
          about: `${configuration.where(path)}, ${formatPath(path)}`,
          found: message,
        }),
      ),
    ],
    data: dataDir,
    journal,
    sources: live.sources.map(({ instance }) => ({ instance, ...ofInstance(resources, instance) })),
    health: isLive ? (address === undefined ? 'off' : `http://${endpointText(address)}`) : undefined,
    handlers: handlers.map((entry, index) => {
      const own = requested[index];
      const contribution = own && handlerOf(own, plan);
      return {
        instance: instanceName(entry),
        outbound: contribution && describeOutbound(contribution),
        destinations: contribution?.spec.network ? destinationsIn(own?.entry.config) : [],
        mask: entry.mask ?? false,
        isIsolated: isolationOf(entry.handler) !== undefined,
      };
    }),
  };
}
