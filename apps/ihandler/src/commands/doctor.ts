import { type CommandArguments, describeError, type JournalView } from '@ihandler/core';
import type { App, BuiltIn } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { preparePlanned } from '../host/assembly/host.ts';
import { type HostPlan, planHost } from '../host/assembly/host-plan.ts';
import { chooseJournal, isWrong } from '../host/assembly/load-journal.ts';
import { liveEntries } from '../host/assembly/load-sources.ts';
import type { Entry } from '../host/configuration/configuration.ts';
import { callControl } from '../host/control/control-client.ts';
import { fileFindings, type NamedFile } from '../host/diagnosis/check-files.ts';
import { damageFindings, journalFindings } from '../host/diagnosis/check-journal.ts';
import { type LiveStatus, liveFindings, liveStatus } from '../host/diagnosis/check-running.ts';
import { nodeFindings } from '../host/diagnosis/doctor-node.ts';
import { bySeverity, type Finding, findingLine, SET_ASIDE } from '../host/diagnosis/finding.ts';
import { findOffer, offersOf } from '../host/discovery/contributions.ts';
import { type JsonSchema, markedOptions, resolvePaths } from '../host/discovery/option-schema.ts';
import { configOption } from './command-instances.ts';
import { wantedBy } from './configured.ts';

/** How long a running process may take to answer, in milliseconds. */
const PATIENCE = 10_000;

function filesOf(instance: string, schema: JsonSchema, entry: Entry, folder: string): readonly NamedFile[] {
  const options = resolvePaths(schema, entry.config ?? {}, entry.folder ?? folder);
  return markedOptions(schema, options).flatMap(({ value, schema: own }) =>
    own['format'] === 'path' && typeof value === 'string' && value !== ':memory:'
      ? [{ instance, path: value, isOnlyRead: own['access'] === 'read' }]
      : [],
  );
}

/** Everything a configuration names: instances, sources, files. */
function namesIn(plan: HostPlan, app: App) {
  const { configuration, workshop } = plan;
  const { packages } = workshop.installed;
  const handlers = wantedBy(configuration, workshop.installed, app).map(({ entry }) => {
    const offer = findOffer(offersOf(packages, 'handlers'), entry.name);
    const known = typeof offer === 'string' ? undefined : offer;
    const instance = entry.as ?? known?.name ?? entry.name;
    return { instance, files: known ? filesOf(instance, known.spec.options, entry, workshop.folder) : [] };
  });
  const sources = liveEntries(configuration, workshop).map(({ entry, offer }) => {
    const instance = entry.as ?? offer.name;
    const files = filesOf(instance, offer.spec.options, entry, workshop.folder);
    // A source reads, whether its manifest says so or not.
    return { instance, files: files.map((file) => ({ ...file, isOnlyRead: true })) };
  });
  return { sources, files: [...handlers, ...sources].flatMap(({ files }) => files) };
}

interface Prepared {
  readonly findings: readonly Finding[];
  /** The names of the instances; undefined when not all could be made. */
  readonly instances?: readonly string[];
}

/** Makes all that the configuration names, and starts none of it. */
async function prepared(plan: HostPlan, app: App): Promise<Prepared> {
  try {
    const { handlers } = await preparePlanned(plan, app, { sources: true });
    return { findings: [], instances: handlers.map(({ instance, handler }) => instance ?? handler.name) };
  } catch (error) {
    const advice = 'put it right; ihandler check -c FILE tells when it is';
    return { findings: [{ severity: 'error', about: 'configuration', found: describeError(error), advice }] };
  }
}

async function running(
  plan: HostPlan,
): Promise<{ readonly live?: LiveStatus; readonly findings: readonly Finding[] }> {
  try {
    const answer = await callControl(plan.dataDir, 'status', {}, { timeout: PATIENCE });
    if (answer !== undefined) return { live: liveStatus.parse(answer), findings: [] };
    const advice = 'start it: systemctl start ihandler, or ihandler run -c FILE.yaml';
    const found = `no ihandler runs on ${plan.dataDir}: nothing is taken in`;
    return { findings: [{ severity: 'warning', about: 'run', found, advice }] };
  } catch (error) {
    return { findings: [{ severity: 'error', about: 'run', found: describeError(error) }] };
  }
}

async function withView(
  plan: HostPlan,
  look: (view: JournalView, file: string | undefined) => readonly Finding[],
): Promise<readonly Finding[]> {
  const chosen = await chooseJournal({ ...plan, ...plan.workshop });
  if (isWrong(chosen) || chosen.module?.view === undefined) return [];
  try {
    const view = chosen.module.view(chosen.options);
    try {
      return look(view, chosen.file);
    } finally {
      view.close();
    }
  } catch (error) {
    return [
      { severity: 'error', about: 'journal', found: describeError(error), advice: 'ihandler journal check' },
    ];
  }
}

async function runDoctor(args: CommandArguments, app: App): Promise<number> {
  const { terminal } = app;
  const plan = planHost(args, app);
  const now = Date.now();
  const { sources, files } = namesIn(plan, app);
  const { findings: configurationFindings, instances } = await prepared(plan, app);
  const { live, findings: runFindings } = await running(plan);
  const configured = {
    sources: sources.map(({ instance }) => instance),
    instances,
  };
  let host = live?.pid ?? undefined;
  const journal = await withView(plan, (view, file) => {
    // One that does not answer writes nevertheless.
    host ??= view.writer();
    return [
      ...damageFindings(view),
      ...liveFindings(view, live, configured, now),
      ...journalFindings(view, file, now),
    ];
  });
  const told = new Set(journal.filter(({ advice }) => advice === SET_ASIDE).map(({ about }) => about));
  const findings = bySeverity([
    ...nodeFindings(process.versions.node, now),
    ...configurationFindings,
    ...runFindings,
    ...journal,
    // What the journal tells of itself it knows better.
    ...fileFindings(files, plan.dataDir, host, now).filter(({ about }) => !told.has(about)),
  ]);
  const isWell = findings.every(({ severity }) => severity === 'note');
  const lines = findings.map((finding) => findingLine(finding, terminal));
  await terminal.write(
    args.options['json'] === true
      ? `${JSON.stringify({ findings })}\n`
      : `${[...lines, ...(isWell ? ['All is well.'] : [])].join('\n')}\n`,
  );
  return isWell ? exitCodes.ok : exitCodes.partly;
}

/** `doctor`: tells what is wrong, or soon will be, with what runs. */
export const doctorCommand: BuiltIn = {
  name: 'doctor',
  summary: 'Tell what is wrong, or soon will be, and what to do about it',
  usage: '[-c FILE.yaml] [--json]',
  options: {
    config: configOption,
    json: { type: 'boolean', help: 'Print the findings as one JSON object' },
  },
  examples: [
    ['ihandler doctor -c my.yaml', 'silent sources, clocks, disks, files that cannot be read, dead letters'],
  ],
  run: runDoctor,
};
