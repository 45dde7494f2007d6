import { unknownSources } from './assembly/file-source.ts';
import { handlerInstances } from './assembly/handler-instances.ts';
import { type HostPlan, planHost } from './assembly/host-plan.ts';
import { loadHandlers } from './assembly/load-handlers.ts';
import { openInputs } from './assembly/recognise-file.ts';
import { handlerOf, requestedEntries } from './assembly/requested-handlers.ts';
import { durableJournalOf, journalOf, openJournalView } from './assembly/view-journal.ts';
import { type Configuration, emptyConfiguration } from './configuration/configuration.ts';
import { connectControl } from './control/connect-control.ts';
import { callControl } from './control/control-client.ts';
import { forgetNetworks } from './control/forget-networks.ts';
import { replayProgress } from './control/operations.ts';
import { performOperation } from './control/perform-operation.ts';
import { checkHost } from './diagnosis/check-host.ts';
import { diagnosePlan } from './diagnosis/diagnose.ts';
import type { Finding } from './diagnosis/finding.ts';
import { destinationsIn } from './discovery/outbound-data.ts';
import type { Host } from './host.ts';
import { filesNaming } from './leftovers/files-naming.ts';
import { declaredOrigins } from './origins/declared-origins.ts';
import { asOwner, keepOwners } from './ownership/as-owner.ts';
import { importFiles, importNeeds } from './running/import-files.ts';
import { runLive } from './running/run-live.ts';
import { instanceNames } from './status/instance-names.ts';
import { storedStatus } from './status/stored-status.ts';
import { runTrial } from './trial/run-trial.ts';
import { resumeHandler } from './walls/handler-ends.ts';
import { completeWorld, type World } from './world.ts';

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
    run: (signal, events = {}) =>
      asOwner(plan, { isLive: true }, (keep) =>
        runLive(plan, signal, {
          ...events,
          onStarted(started) {
            keep();
            events.onStarted?.(started);
          },
        }),
      ),
    import: (files, options) =>
      asOwner(plan, importNeeds(plan, files, options), () => importFiles(plan, files, options)),
    keepOwners: (work) => keepOwners(plan, work),
    async status({ signal } = {}) {
      const loaded = await journalOf(plan);
      const live = await connectControl(dataDir).status({
        timeout: ANSWER_TIMEOUT,
        ...(signal && { signal }),
      });
      return live === undefined
        ? storedStatus(loaded, plan, await instanceNames(plan))
        : { status: live, remarks: [] };
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
    tryHandler: (entry, sources, options) =>
      runTrial(
        entry,
        sources,
        { origins: declaredOrigins(plan.context.installed, sources), ...options },
        plan.world,
      ),
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
    forget: (networks, options) => forgetNetworks(plan, networks, options),
    async resume(instance) {
      const answer = await callControl(dataDir, 'resume', { instance }, { timeout: ANSWER_TIMEOUT });
      return answer === undefined ? resumeHandler(dataDir, instance) : answer === true;
    },
    filesNaming: (networks, added = []) =>
      filesNaming(
        plan,
        networks,
        added.map((entry) => ({ entry, path: [`--with ${entry.name}`] })),
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
