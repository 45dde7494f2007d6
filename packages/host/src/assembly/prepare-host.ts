import { setTimeout as delay } from 'node:timers/promises';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type DispatcherOptions,
  type HandlerEntry,
  IhandlerError,
  type Journal,
} from '@ihandler/core';
import { declaredOrigins } from '../origins/declared-origins.ts';
import type { RunWalls } from '../walls/raise-walls.ts';
import { makeDataFolder, sensorName } from './data-folder.ts';
import { unknownSources } from './file-source.ts';
import type { HostPlan } from './host-plan.ts';
import { readImportStates } from './import-states.ts';
import { loadHandlers } from './load-handlers.ts';
import { hasProblems, type LoadedJournal, loadJournal } from './load-journal.ts';
import { type LiveSource, loadSources } from './load-sources.ts';
import { requestedEntries } from './requested-handlers.ts';

/** How to prepare a host. */
export interface PrepareOptions
  extends Pick<DispatcherOptions, 'onReject' | 'onDeadLetter' | 'onJournalFailed'> {
  /** Only these instances run; the pending incidents of the others stay in the journal. @default all */
  readonly instances?: readonly string[];
  /** Whether to do without the journal, which does not exist. */
  readonly withoutJournal?: boolean;
  /** Whether it needs live sources: then there must be at least one, and their problems are reported. */
  readonly sources: boolean;
  /** What contains the handlers. @default nothing does */
  readonly walls?: Pick<RunWalls, 'paused' | 'recorder'>;
}

/** A host whose parts are created, and none of them started. */
export interface PreparedHost {
  readonly plan: HostPlan;
  readonly sensor: string;
  readonly handlers: readonly HandlerEntry[];
  /** None unless they were needed. */
  readonly sources: readonly LiveSource[];
  readonly loaded: LoadedJournal;
  readonly dispatcher: Dispatcher;
}

/** How long the start waits for handlers before sources may report, in milliseconds. */
const START_PATIENCE = 5000;

/** The name of an instance. */
export function instanceName({ instance, handler }: HandlerEntry): string {
  return instance ?? handler.name;
}

function select(
  handlers: readonly HandlerEntry[],
  instances: readonly string[] | undefined,
): readonly HandlerEntry[] {
  if (instances === undefined) return handlers;
  const known = handlers.map(instanceName);
  const unknown = instances.find((name) => !known.includes(name));
  if (unknown === undefined) return handlers.filter((entry) => instances.includes(instanceName(entry)));
  throw new IhandlerError(
    'HANDLER_INVALID',
    `Expected an instance of the configuration (${known.join(', ') || 'it has none'}); found ${unknown}.`,
  );
}

/** A journal that releases nothing: a host of some instances does not know which entries the others still need. */
function withoutRelease(journal: Journal): Journal {
  return new Proxy(journal, {
    get(target, key) {
      if (key === 'release') return () => undefined;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The parts of a host, created and not opened. */
export interface LoadedParts {
  readonly handlers: readonly HandlerEntry[];
  readonly sources: readonly LiveSource[];
  readonly loaded: LoadedJournal;
}

/**
 * Loads and creates the journal, handlers and, with `withSources`, live sources of a plan: opens nothing, writes nothing.
 * Throws one error for all problems.
 */
export async function loadParts(plan: HostPlan, sensor: string, withSources: boolean): Promise<LoadedParts> {
  const { configuration, context } = plan;
  const loaded = await loadJournal(plan);
  const live = withSources
    ? await loadSources(configuration, context, sensor)
    : { sources: [], problems: [] };
  const problems = [
    ...(hasProblems(loaded) ? loaded : []),
    ...(withSources ? unknownSources(configuration) : []),
    ...live.problems,
  ];
  const handlers = await loadHandlers(requestedEntries(plan), context, configuration, problems);
  if (withSources && live.sources.length === 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${configuration.file === undefined ? '' : `${configuration.file}: `}No sources configured: add one under "sources:". \`ihandler list\` shows the installed ones; \`ihandler init\` writes a configuration.`,
    );
  if (hasProblems(loaded)) throw configuration.error(loaded); // loadHandlers has thrown already
  return { handlers, sources: live.sources, loaded };
}

/**
 * Loads and creates the journal, handlers and sources of a plan; opens nothing. Throws one error for all problems.
 */
export async function prepareHost(plan: HostPlan, options: PrepareOptions): Promise<PreparedHost> {
  const { configuration, dataDir, world } = plan;
  makeDataFolder(dataDir);
  const sensor = sensorName(dataDir, configuration.sensor, world.env);
  const { handlers: all, sources, loaded } = await loadParts(plan, sensor, options.sources);
  const { instances, walls, withoutJournal, onReject, onDeadLetter, onJournalFailed } = options;
  const journal = withoutJournal ? createMemoryJournal() : loaded.journal;
  const handlers = select(all, instances).map((entry) => {
    const paused = walls?.paused[instanceName(entry)];
    return paused === undefined ? entry : { ...entry, paused };
  });
  const dispatcher = createDispatcher({
    otherStates: () => Object.fromEntries(readImportStates(dataDir, world.log())),
    journal: instances === undefined ? journal : withoutRelease(journal),
    handlers,
    origins: declaredOrigins(
      plan.context.installed,
      sources.map((source) => source.make()),
    ),
    sensor,
    dataDir,
    failFast: instances !== undefined,
    log: world.log,
    hide: world.secrets.hide,
    ...(walls?.recorder && { recorder: walls.recorder }),
    ...(onReject && { onReject }),
    ...(onDeadLetter && { onDeadLetter }),
    ...(onJournalFailed && { onJournalFailed }),
  });
  return { plan, sensor, handlers, sources, loaded, dispatcher };
}

function reportDamage({ loaded, plan }: PreparedHost): void {
  const { damage } = loaded.journal;
  if (damage === undefined) return;
  const { setAside, problem, readable, lost } = damage;
  plan.world.log().error('the journal was damaged; what is readable is used, the damage is kept in a file', {
    file: setAside,
    problem,
    readable,
    lost,
  });
}

/**
 * Opens the journal and starts the handlers. Resolves when each start has succeeded or failed once, or after a few seconds:
 * then `starting` continues. It rejects when a start fails with an error that needs the user's attention.
 */
export async function startHost(host: PreparedHost): Promise<{ readonly starting: Promise<void> }> {
  const { dispatcher } = host;
  const starting = dispatcher.start();
  let hasSettled = false;
  const settled = starting.finally(() => {
    hasSettled = true;
  });
  settled.catch(() => undefined); // `starting` itself carries the error
  const until = performance.now() + START_PATIENCE;
  while (!hasSettled && (performance.now() < until || !dispatcher.isOpen()))
    await Promise.race([settled.catch(() => undefined), delay(50)]);
  if (hasSettled) await starting;
  reportDamage(host);
  return { starting };
}
