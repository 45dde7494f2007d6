import { setTimeout as pause } from 'node:timers/promises';
import {
  type CommandArguments,
  createDispatcher,
  type DeadLetter,
  type Dispatcher,
  type HandlerEntry,
  IhandlerError,
  type Journal,
  type Reject,
} from '@ihandler/core';
import type { App } from '../../app.ts';
import { wantedBy } from '../../commands/configured.ts';
import { counted } from '../../commands/dead-letter-format.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { defaultHandlers } from '../discovery/default-handlers.ts';
import { makeDataFolder, sensorName } from './data-folder.ts';
import { type HostPlan, isConfigured, planHost } from './host-plan.ts';
import { keepingEntries } from './keeping-entries.ts';
import { setUpHandlers, type Wanted } from './load-handlers.ts';
import { type ChosenJournal, chooseJournal, isWrong } from './load-journal.ts';
import { type LiveSource, setUpSources } from './load-sources.ts';
import { unknownSources } from './recognise-file.ts';

/** How to open a host. */
export interface HostOptions {
  /** Only these instances run. What the others wait for stays in the journal. @default all */
  readonly instances?: readonly string[];
  /** Whether its live sources are wanted: then there must be one, and what is wrong with them is told. */
  readonly sources: boolean;
  readonly onReject?: (source: string, reject: Reject) => Promise<void>;
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  readonly onJournalFailed?: (error: unknown) => void;
}

/** What a configuration comes to: made, and nothing of it started. */
export interface PreparedHost {
  readonly configuration: Configuration;
  readonly dataDir: string;
  readonly sensor: string;
  readonly handlers: readonly HandlerEntry[];
  /** Set up and not running; none unless they were wanted. */
  readonly sources: readonly LiveSource[];
  readonly chosen: ChosenJournal;
  readonly dispatcher: Dispatcher;
}

/** A journal that is open, with its handlers started. */
export interface OpenHost extends PreparedHost {
  readonly journal: Journal;
  /** Closes handlers and journal. A delivery that has not settled after `within` milliseconds (default 8000) is left alone. */
  close(options?: { readonly within?: number }): Promise<void>;
}

/** How long sources wait for handlers that start, in milliseconds: one that hangs keeps nobody from reporting. */
const START_PATIENCE = 5000;

function wantedIn(plan: HostPlan, app: App): readonly Wanted[] {
  const { configuration, workshop } = plan;
  if (isConfigured(plan)) return wantedBy(configuration, workshop.installed, app);
  return defaultHandlers(workshop.installed.packages).map(({ name, package: from }) => ({
    entry: { name },
    path: [from.name],
  }));
}

function withoutSources({ configuration }: HostPlan, app: App): IhandlerError {
  const where = configuration.file === undefined ? 'Without a configuration' : configuration.file;
  return new IhandlerError(
    'OPTIONS_INVALID',
    `${where}: nothing would bring incidents in: expected a live source under "sources:". To see those that are installed: ${app.program} list; to write a configuration: ${app.program} init`,
  );
}

function chosenInstances(
  handlers: readonly HandlerEntry[],
  instances: readonly string[] | undefined,
): readonly HandlerEntry[] {
  const known = handlers.map(({ instance, handler }) => instance ?? handler.name);
  for (const name of instances ?? [])
    if (!known.includes(name))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `Expected an instance of the configuration: ${known.join(', ') || 'it has none'}; found ${name}.`,
      );
  return handlers.filter(({ instance = '' }) => instances === undefined || instances.includes(instance));
}

/**
 * Reads the configuration, loads and makes what it names, and puts it together; opens nothing. Throws one error for all
 * that is wrong.
 */
export async function preparePlanned(plan: HostPlan, app: App, options: HostOptions): Promise<PreparedHost> {
  const { configuration, workshop, dataDir } = plan;
  makeDataFolder(dataDir);
  const sensor = sensorName(dataDir, configuration.sensor, app.host.env);
  const choice = await chooseJournal({ configuration, dataDir, ...workshop });
  const live = options.sources
    ? await setUpSources(configuration, workshop, sensor)
    : { sources: [], problems: [] };
  const problems = [
    ...(isWrong(choice) ? choice : []),
    ...(options.sources ? unknownSources(configuration, workshop.installed) : []),
    ...live.problems,
  ];
  const all = await setUpHandlers(wantedIn(plan, app), workshop, configuration, problems);
  if (options.sources && live.sources.length === 0) throw withoutSources(plan, app);
  if (isWrong(choice)) throw configuration.error(choice); // setUpHandlers has thrown it already
  const handlers = chosenInstances(all, options.instances);
  const { onReject, onDeadLetter, onJournalFailed } = options;
  const dispatcher = createDispatcher({
    journal: options.instances === undefined ? choice.journal : keepingEntries(choice.journal),
    handlers,
    sensor,
    dataDir,
    log: app.log,
    ...(onReject && { onReject }),
    ...(onDeadLetter && { onDeadLetter }),
    ...(onJournalFailed && { onJournalFailed }),
  });
  return { configuration, dataDir, sensor, handlers, sources: live.sources, chosen: choice, dispatcher };
}

function tellDamage({ journal: { damage } }: ChosenJournal, app: App): void {
  if (damage === undefined) return;
  const { setAside, problem, readable, lost } = damage;
  const kept = `what could be read goes on in a new one, ${counted(readable, 'incident')}; ${lost} are known to be missing`;
  app.log().error(`the journal was damaged and has been set aside: ${kept}`, { as: setAside, problem });
}

/**
 * Opens the journal and starts the handlers; resolves when each start has succeeded or failed once, or a few seconds have
 * passed: `starting` goes on then, and rejects when a start fails with what only the user can put right.
 */
export async function startHost(
  { dispatcher, chosen }: PreparedHost,
  app: App,
): Promise<{ readonly starting: Promise<void> }> {
  const starting = dispatcher.start();
  let hasSettled = false;
  const settled = starting.finally(() => {
    hasSettled = true;
  });
  settled.catch(() => undefined); // thrown by `starting` to whoever waits for it
  const until = performance.now() + START_PATIENCE;
  while (!hasSettled && (performance.now() < until || !dispatcher.isOpen()))
    await Promise.race([settled.catch(() => undefined), pause(50)]);
  if (hasSettled) await starting;
  tellDamage(chosen, app);
  return { starting };
}

/**
 * Opens what a configuration names, as `run` does, for a command that works on it while no process runs. Throws
 * `JOURNAL_BUSY` with its number when one does, and one error for all that is wrong with the configuration.
 */
export async function openHost(args: CommandArguments, app: App, options: HostOptions): Promise<OpenHost> {
  const prepared = await preparePlanned(planHost(args, app), app, options);
  const { starting } = await startHost(prepared, app);
  starting.catch((error: unknown) => app.log().error('a handler does not start', { error }));
  const { dispatcher, chosen } = prepared;
  return { ...prepared, journal: chosen.journal, close: (within) => dispatcher.close(within) };
}
