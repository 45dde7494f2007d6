import { dirname } from 'node:path';
import type { HostPlan } from '../assembly/host-plan.ts';
import { type ChosenJournal, chooseJournal, isWrong } from '../assembly/load-journal.ts';
import { type LiveSource, liveEntries, setUpSources, sourceOptions } from '../assembly/load-sources.ts';
import type { Problem } from '../configuration/configuration.ts';
import { markedOptions } from '../discovery/option-schema.ts';
import { healthAddress } from '../status/health-server.ts';
import { accessProblems, folderProblem, portProblem } from './check-access.ts';

/** What `check` found out about what `run` needs beside ihandlers. */
export interface CheckedHost {
  readonly problems: readonly Problem[];
  /** What listens, reads and keeps, and where: a line each. */
  readonly lines: readonly string[];
}

/** Where a source listens: its options that are ports. */
function portsOf(schema: Readonly<Record<string, unknown>>, options: unknown): readonly string[] {
  return markedOptions(schema, options).flatMap(({ value, schema: own, host }) =>
    own['format'] === 'port' ? [`${typeof host === 'string' ? host : '127.0.0.1'}:${String(value)}`] : [],
  );
}

/** Files that a source reads. */
function filesOf(schema: Readonly<Record<string, unknown>>, options: unknown): readonly string[] {
  return markedOptions(schema, options).flatMap(({ value, schema: own }) =>
    own['format'] === 'path' && (own['access'] ?? 'read') === 'read' && typeof value === 'string'
      ? [value]
      : [],
  );
}

async function journalProblems(choice: ChosenJournal): Promise<readonly Problem[]> {
  const found = choice.file === undefined ? undefined : folderProblem(dirname(choice.file));
  return found === undefined ? [] : [{ path: ['journal'], message: found }];
}

async function sourcesOf(plan: HostPlan, sensor: string, isRunning: boolean) {
  const { configuration, workshop } = plan;
  const { sources, problems } = await setUpSources(configuration, workshop, sensor);
  const entries = liveEntries(configuration, workshop).map(({ entry, offer, path }) => {
    const schema = offer.spec.options;
    return { schema, path, options: sourceOptions(offer, entry, workshop.folder, sensor) };
  });
  const access = await Promise.all(
    entries.map(({ schema, options, path }) =>
      accessProblems(schema, options, [...path, 'config'], { mayCome: true, isRunning }),
    ),
  );
  const words = (source: LiveSource, index: number) => {
    const entry = entries[index];
    const ports = entry === undefined ? [] : portsOf(entry.schema, entry.options);
    const files = entry === undefined ? [] : filesOf(entry.schema, entry.options);
    const does = [
      ...(ports.length > 0 ? [`listens on ${ports.join(', ')}`] : []),
      ...(files.length > 0 ? [`reads ${files.join(', ')}`] : []),
    ];
    return `  source ${source.instance}: ${does.join('; ') || 'is live'}`;
  };
  return { problems: [...problems, ...access.flat()], lines: problems.length > 0 ? [] : sources.map(words) };
}

/**
 * Looks at the journal, the live sources and the health port of a configuration without starting anything. A
 * configuration without live sources is one for `import`: then there is nothing to look at unless it names a journal.
 */
export async function checkHost(plan: HostPlan, sensor: string, isRunning: boolean): Promise<CheckedHost> {
  const { configuration, workshop, dataDir } = plan;
  const isLive = liveEntries(configuration, workshop).length > 0;
  if (!isLive && configuration.journal === undefined && configuration.health === undefined)
    return { problems: [], lines: [] };
  const problems: Problem[] = [];
  const lines: string[] = [];
  if (isLive || configuration.journal !== undefined) {
    const choice = await chooseJournal({ configuration, dataDir, ...workshop });
    if (isWrong(choice)) problems.push(...choice);
    else {
      problems.push(...(await journalProblems(choice)));
      lines.push(`  journal: ${choice.name}${choice.file === undefined ? '' : ` ${choice.file}`}`);
    }
  }
  const live = await sourcesOf(plan, sensor, isRunning);
  problems.push(...live.problems);
  lines.push(...live.lines);
  const health = healthAddress(configuration);
  if (health !== undefined && !isRunning && health.port > 0) {
    const found = await portProblem(health.port, health.host);
    if (found !== undefined) problems.push({ path: ['health'], message: `${found}; or write "health: off"` });
  }
  if (isLive)
    lines.push(
      `  health and metrics: ${health === undefined ? 'off' : `http://${health.host}:${health.port}`}`,
    );
  return { problems, lines };
}
