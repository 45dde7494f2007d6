import type { ConfiguredInstance, HandlerEntry, JournalView, Source } from '@ihandler/core';
import { unknownSources } from './assembly/file-source.ts';
import { handlerInstances } from './assembly/handler-instances.ts';
import { type HostPlan, planHost } from './assembly/host-plan.ts';
import { loadHandlers } from './assembly/load-handlers.ts';
import type { LoadedJournal } from './assembly/load-journal.ts';
import { openInputs } from './assembly/recognise-file.ts';
import { handlerOf, requestedEntries } from './assembly/requested-handlers.ts';
import { durableJournalOf, journalOf, openJournalView } from './assembly/view-journal.ts';
import { type Configuration, type Entry, emptyConfiguration } from './configuration/configuration.ts';
import { connectControl } from './control/connect-control.ts';
import type { OperationAnswers } from './control/operations.ts';
import { replayProgress } from './control/operations.ts';
import { performOperation } from './control/perform-operation.ts';
import { type CheckReport, checkHost } from './diagnosis/check-host.ts';
import { diagnosePlan } from './diagnosis/diagnose.ts';
import type { Finding } from './diagnosis/finding.ts';
import { destinationsIn } from './discovery/outbound-data.ts';
import { type ImportOptions, importFiles } from './running/import-files.ts';
import type { ImportResult } from './running/import-result.ts';
import type { RunEvents, RunResult } from './running/run-host.ts';
import { runLive } from './running/run-live.ts';
import { type StatusReport, storedStatus } from './status/stored-status.ts';
import { completeWorld, type World } from './world.ts';

/** What to replay. */
export interface ReplayRequest {
  readonly instance: string;
  /** Names the replay: an interrupted one resumes under the same name. */
  readonly name: string;
  /** Only incidents accepted at or after this time, in milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  /** Only origins that one of these globs matches. @default all */
  readonly only?: readonly string[] | undefined;
  readonly signal?: AbortSignal;
  /** Gets the number of entries done, of `total`. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What a handler has sent off this machine. */
export interface SentData {
  readonly instance: string;
  /** What its package says that it sends; undefined when it does not say. */
  readonly sends: string | undefined;
  readonly destinations: readonly string[];
}

/**
 * The handlers, sources and journal of a configuration, as one program runs them. Creating a host opens nothing; methods
 * throw `OPTIONS_INVALID` with all problems of the configuration. Methods that change something do it in the process that
 * runs on the data folder, else in this one.
 */
export interface Host {
  readonly configuration: Configuration;
  /** The data folder. Absolute; it may not exist yet. */
  readonly dataDir: string;
  /** Runs the live sources and handlers until the signal aborts. Throws `JOURNAL_BUSY` when another process does. */
  run(signal: AbortSignal, events?: RunEvents): Promise<RunResult>;
  /**
   * Imports files (`-` for standard input) once into the handlers: an import that is repeated only adds new incidents.
   * Throws when no handler is named or a handler does not start, before anything is read; other failures are in the result.
   */
  import(files: readonly string[], options?: ImportOptions): Promise<ImportResult>;
  /** The status of the process that runs on the data folder, else what the journal says. */
  status(options?: { readonly signal?: AbortSignal }): Promise<StatusReport>;
  /** Checks the configuration, and whether this user can open its files, folders and ports. Changes nothing. */
  check(): Promise<CheckReport>;
  /** Loads and creates the handlers of the configuration, without starting them. */
  loadHandlers(): Promise<readonly HandlerEntry[]>;
  /** Loads and creates one handler that is not in the configuration. */
  loadHandler(entry: Entry): Promise<HandlerEntry>;
  /** The sources that read these files; empty files have none. */
  loadFileSources(
    files: readonly string[],
    options: { readonly from?: string | undefined; readonly sensor: string },
  ): Promise<readonly Source[]>;
  /** The instances of a handler, by its name in the manifest, with their options. */
  instancesOf(handler: string): readonly ConfiguredInstance[];
  /** What the configured handlers have sent off this machine; handlers that send nothing are left out. */
  sentData(): readonly SentData[];
  /** The journal, loaded and not opened. With `durable`, throws unless other processes can open it and it exists. */
  loadJournal(options?: { readonly durable?: boolean }): Promise<LoadedJournal>;
  /** Opens the journal for reading, whether a process runs or not. Close the view afterwards. */
  openJournalView(): Promise<JournalView>;
  /** Retries the dead letters of an instance at these positions. @default all */
  retryDeadLetters(
    instance: string,
    positions: readonly number[] | undefined,
    signal?: AbortSignal,
  ): Promise<OperationAnswers['retryDeadLetters']>;
  /** Drops the dead letters of an instance at these positions. Resolves with their number. @default all */
  dropDeadLetters(
    instance: string,
    positions: readonly number[] | undefined,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Delivers incidents from the journal to an instance again. */
  replay(request: ReplayRequest): Promise<OperationAnswers['replay']>;
  /**
   * Removes what the journal and the given instances store about these addresses and networks. Resolves with what each
   * instance did, for people.
   */
  forget(
    networks: readonly string[],
    instances: readonly string[],
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, string>>>;
}

/** How long a running process may take to answer, in milliseconds. */
const ANSWER_TIMEOUT = 10_000;

const plans = new WeakMap<Host, HostPlan>();

/** A signal that never aborts. */
function never(): AbortSignal {
  return new AbortController().signal;
}

/** Creates the host of a configuration; see {@link loadConfiguration}. Packages that cannot be used are logged. */
export function createHost(configuration: Configuration, world: World = {}): Host {
  const plan = planHost(configuration, completeWorld(world));
  const { context, dataDir } = plan;
  const deadLetterParams = (instance: string, positions: readonly number[] | undefined) => ({
    instance,
    ...(positions && { positions: [...positions] }),
  });
  for (const { problem } of context.installed.unusable) plan.world.log().warn(problem);
  const host: Host = {
    configuration,
    dataDir,
    run: (signal, events = {}) => runLive(plan, signal, events),
    import: (files, options) => importFiles(plan, files, options),
    async status({ signal } = {}) {
      const loaded = await journalOf(plan);
      const live = await connectControl(dataDir).status({
        timeout: ANSWER_TIMEOUT,
        ...(signal && { signal }),
      });
      return live === undefined ? storedStatus(loaded, plan) : { status: live, remarks: [] };
    },
    check: () => checkHost(plan),
    loadHandlers: () =>
      loadHandlers(requestedEntries(plan), context, configuration, unknownSources(configuration)),
    async loadHandler(entry) {
      const here = { ...context, folder: plan.world.cwd };
      const unnamed = emptyConfiguration(here.folder, context.installed);
      const [loaded] = await loadHandlers([{ entry, path: [entry.name] }], here, unnamed);
      if (loaded === undefined) throw new Error(`${entry.name} was not loaded`); // loadHandlers would have thrown
      return loaded;
    },
    async loadFileSources(files, options) {
      const { conditions } = context;
      const inputs = await openInputs(files, { configuration, conditions, cwd: plan.world.cwd, ...options });
      return inputs.flatMap(({ reader }) => reader?.source ?? []);
    },
    instancesOf: (handler) => handlerInstances(plan, handler),
    sentData: () =>
      requestedEntries(plan).flatMap((requested) => {
        const handler = handlerOf(requested, plan);
        if (!handler?.spec.network) return [];
        const { entry } = requested;
        const destinations = destinationsIn(entry.config);
        return [{ instance: entry.as ?? handler.name, sends: handler.spec.sends, destinations }];
      }),
    loadJournal: ({ durable } = {}) => (durable ? durableJournalOf(plan) : journalOf(plan)),
    openJournalView: () => openJournalView(plan),
    retryDeadLetters: (instance, positions, signal = never()) =>
      performOperation(
        { method: 'retryDeadLetters', params: deadLetterParams(instance, positions) },
        { instances: [instance], signal },
        plan,
      ),
    dropDeadLetters: (instance, positions, signal = never()) =>
      performOperation(
        { method: 'dropDeadLetters', params: deadLetterParams(instance, positions) },
        { instances: [instance], signal },
        plan,
      ),
    replay: ({ instance, name, since, only, signal = never(), onProgress }) =>
      performOperation(
        {
          method: 'replay',
          params: { instance, name, ...(since !== undefined && { since }), ...(only && { only: [...only] }) },
        },
        {
          instances: [instance],
          signal,
          onProgress(progress) {
            const { data } = replayProgress.safeParse(progress);
            if (data !== undefined) onProgress?.(data);
          },
        },
        plan,
      ),
    forget: (networks, instances, signal = never()) =>
      performOperation(
        { method: 'forget', params: { networks: [...networks] } },
        { instances, signal },
        plan,
      ),
  };
  plans.set(host, plan);
  return host;
}

/**
 * Finds current and upcoming problems of a host, running or not: its configuration, silent sources, backlogs, dead letters,
 * clocks, disks and permissions. The most severe come first; no errors or warnings means that all is well.
 */
export async function diagnose(host: Host): Promise<readonly Finding[]> {
  const plan = plans.get(host);
  if (plan === undefined) throw new TypeError('diagnose: expected a host that createHost has created');
  return diagnosePlan(plan);
}
