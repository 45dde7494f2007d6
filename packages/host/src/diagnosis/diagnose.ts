import { existsSync } from 'node:fs';
import { describeError, type JournalView } from '@ihandler/core';
import { knownSensorName } from '../assembly/data-folder.ts';
import type { HostPlan } from '../assembly/host-plan.ts';
import { hasProblems, loadJournal } from '../assembly/load-journal.ts';
import { liveEntries } from '../assembly/load-sources.ts';
import { instanceName, loadParts } from '../assembly/prepare-host.ts';
import { connectControl } from '../control/connect-control.ts';
import type { HostStatus } from '../status/host-status.ts';
import { namedInstances } from '../status/instance-names.ts';
import { storedStatus } from '../status/stored-status.ts';
import { accessProblems, folderProblem } from './check-access.ts';
import { fileFindings, type NamedFile } from './check-files.ts';
import { damageFindings, journalFindings } from './check-journal.ts';
import { type ConfiguredNames, runFindings } from './check-running.ts';
import { ownFindings } from './check-sources.ts';
import { bySeverity, type Finding, SET_ASIDE } from './finding.ts';
import { handlerResources, liveResources } from './resources.ts';

/** How long a running process may take to answer, in milliseconds. */
const ANSWER_TIMEOUT = 10_000;
const ACCESS = 'run ihandler as the user who owns it, or change its owner or mode; or configure another path';
/** The oldest Node.js that the packages support: `engines` in package.json. */
const OLDEST_NODE = [20, 19] as const;

/** A finding when a version of Node.js, such as `20.19.0`, is older than the packages support. */
export function nodeFindings(version: string): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return [];
  return [
    {
      severity: 'error',
      about: 'node',
      found: `Node.js ${version} is too old: ${OLDEST_NODE.join('.')} or later is required`,
      advice: 'upgrade to the current Node.js LTS',
    },
  ];
}

/** A message of several lines, such as a list of problems, in one. */
function inOneLine(text: string): string {
  return text.replaceAll(/(?<=:)\n\s*/g, ' ').replaceAll(/\n\s*/g, '; ');
}

/** Loads all that the configuration names; starts none of it and writes nothing. */
async function loadFindings(
  plan: HostPlan,
): Promise<{ readonly findings: readonly Finding[]; readonly instances: ConfiguredNames['instances'] }> {
  const { configuration, dataDir, world } = plan;
  const sensor = knownSensorName(dataDir, configuration.sensor, world.env) ?? 'sensor';
  try {
    const { handlers, sources } = await loadParts(plan, sensor, true);
    return {
      findings: await ownFindings(sources),
      instances: { names: handlers.map(instanceName), areComplete: true },
    };
  } catch (error) {
    const advice = 'correct the configuration; ihandler check -c FILE validates it';
    return {
      findings: [
        { severity: 'error', about: 'configuration', found: inOneLine(describeError(error)), advice },
      ],
      instances: namedInstances(plan),
    };
  }
}

/** Files and folders that this user cannot write, each with the handler whose option names it. */
async function accessFindings(plan: HostPlan): Promise<readonly Finding[]> {
  const found = await Promise.all(
    handlerResources(plan)
      .filter(({ target }) => typeof target === 'string')
      .map(async (resource) => ({ resource, problems: await accessProblems([resource], true) })),
  );
  const handlers = found.flatMap(({ resource: { instance }, problems }) =>
    problems.map(
      ({ message }): Finding => ({ severity: 'error', about: instance, found: message, advice: ACCESS }),
    ),
  );
  const data = folderProblem(plan.dataDir);
  return [
    ...(data === undefined
      ? []
      : [{ severity: 'error' as const, about: 'data', found: data, advice: ACCESS }]),
    ...handlers,
  ];
}

async function liveStatus({
  dataDir,
}: HostPlan): Promise<{ readonly live: HostStatus | undefined; readonly findings: readonly Finding[] }> {
  try {
    const live = await connectControl(dataDir).status({ timeout: ANSWER_TIMEOUT });
    if (live !== undefined) return { live, findings: [] };
    const advice = 'systemctl start ihandler, or ihandler run -c FILE.yaml';
    const found = `ihandler is not running on ${dataDir}: no incidents are received`;
    return { live, findings: [{ severity: 'warning', about: 'run', found, advice }] };
  } catch (error) {
    return { live: undefined, findings: [{ severity: 'error', about: 'run', found: describeError(error) }] };
  }
}

/** The findings of a function about the journal; none without a journal that can be inspected. */
async function withView(
  plan: HostPlan,
  look: (view: JournalView, file: string | undefined, stored: HostStatus) => readonly Finding[],
): Promise<readonly Finding[]> {
  const loaded = await loadJournal(plan);
  if (hasProblems(loaded) || loaded.module?.view === undefined) return [];
  if (loaded.file !== undefined && !existsSync(loaded.file))
    return [
      {
        severity: 'note',
        about: 'journal',
        found: `${loaded.file} does not exist yet: the first run creates it`,
      },
    ];
  try {
    const view = loaded.module.view(loaded.options);
    try {
      return look(view, loaded.file, storedStatus(loaded, plan).status);
    } finally {
      view.close();
    }
  } catch (error) {
    return [
      { severity: 'error', about: 'journal', found: describeError(error), advice: 'ihandler journal check' },
    ];
  }
}

function namedFiles(plan: HostPlan): readonly NamedFile[] {
  const handlers = handlerResources(plan);
  // The sensor's name does not matter for paths.
  const sources = liveResources(plan, 'sensor').map((resource) => ({ ...resource, access: 'read' as const }));
  return [...handlers, ...sources].flatMap(({ instance, target, access, mayAppear }) =>
    typeof target === 'string'
      ? [{ instance, path: target, isOnlyRead: access === 'read', isFollowed: mayAppear }]
      : [],
  );
}

/** Diagnoses the host of a plan, running or not; see `diagnose`. */
export async function diagnosePlan(plan: HostPlan): Promise<readonly Finding[]> {
  const now = Date.now();
  const configuration = await loadFindings(plan);
  const { live, findings: controlFindings } = await liveStatus(plan);
  const configured = {
    sources: liveEntries(plan.configuration, plan.context).map(
      ({ entry, contribution }) => entry.as ?? contribution.name,
    ),
    instances: configuration.instances,
  };
  let pid = live?.pid ?? undefined;
  const journal = await withView(plan, (view, file, stored) => {
    // A process that does not answer may still have the journal open.
    pid ??= view.writer();
    return [
      ...damageFindings(view),
      ...runFindings(view, live ?? stored, configured, now),
      ...journalFindings(view, file, now),
    ];
  });
  // The journal describes its own damaged files better than their names do.
  const described = new Set(journal.filter(({ advice }) => advice === SET_ASIDE).map(({ about }) => about));
  return bySeverity([
    ...nodeFindings(process.versions.node),
    ...configuration.findings,
    ...controlFindings,
    ...(await accessFindings(plan)),
    ...journal,
    ...fileFindings(namedFiles(plan), plan.dataDir, pid, now).filter(({ about }) => !described.has(about)),
  ]);
}
