import { EXPOSITION_TYPE, exposition, type Metric } from './exposition.ts';
import { type HostStatus, problemsOf } from './host-status.ts';
import { measureProcess } from './process-metrics.ts';

/** A metric of a host: its name without `ihandler_`, its help and labels, and each value with its labels. */
interface Measure {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  values(status: HostStatus): readonly (readonly [labels: readonly string[], value: number | null])[];
}

type OfSource = HostStatus['sources'][number];
type OfInstance = HostStatus['ihandlers'][number];

function ofSources(
  name: string,
  help: string,
  value: (source: OfSource, status: HostStatus) => number | null,
): Measure {
  return {
    name,
    help,
    labels: ['source'],
    values: (status) => status.sources.map((source) => [[source.instance], value(source, status)]),
  };
}

function ofInstances(
  name: string,
  help: string,
  value: (instance: OfInstance, status: HostStatus) => number | null,
): Measure {
  return {
    name,
    help,
    labels: ['instance'],
    values: (status) => status.ihandlers.map((one) => [[one.instance], value(one, status)]),
  };
}

/** 1 for what `/health` has no problem with. */
function healthOf(name: string, status: HostStatus): number {
  return problemsOf(status).some(({ about, kind }) => about === name && kind === 'unhealthy') ? 0 : 1;
}

function ofJournal(name: string, help: string, key: 'entries' | 'bytes' | 'limit' | 'free'): Measure {
  return {
    name,
    help,
    labels: ['journal'],
    values: ({ journal }) => (journal === null ? [] : [[[journal.name], journal[key]]]),
  };
}

/** Metrics that only rise, except at a restart. */
const counters: readonly Measure[] = [
  ofSources('incidents_accepted_total', 'New incidents that a source reported', (s) => s.accepted),
  ofSources('incidents_known_total', 'Incidents that a source reported again', (s) => s.known),
  ofSources(
    'incidents_assumed_known_total',
    'Incidents that a source reported under ids whose entries retention has removed',
    (s) => s.assumed ?? 0,
  ),
  ofSources('rejects_total', 'Invalid input that a source rejected', (s) => s.rejected),
  ofSources(
    'misfits_total',
    'Incidents whose data does not match the schema of their origin',
    (s) => s.misfits,
  ),
  ofSources(
    'incidents_lost_total',
    'Incidents that the journal did not accept and whose sender cannot retry',
    (s) => s.lost?.count ?? 0,
  ),
  ofSources('unknown_origins_total', 'Incidents whose origin has no schema', (s) => s.unknown),
  ofInstances(
    'handler_uncaught_errors_total',
    'Errors that the code of a handler has not caught',
    ({ uncaught }) => uncaught?.count ?? 0,
  ),
  {
    name: 'deliveries_total',
    help: 'Accepted incidents by outcome: delivered, filtered, dropped from the dead letters, or lost to retention',
    labels: ['instance', 'outcome'],
    values: ({ ihandlers }) =>
      ihandlers.flatMap(({ instance, counts }) =>
        (['delivered', 'filtered', 'dropped', 'lost'] as const).map(
          (outcome) => [[instance, outcome], counts[outcome]] as const,
        ),
      ),
  },
];

const gauges: readonly Measure[] = [
  ofSources(
    'source_up',
    '1 while a source runs, 0 while it waits, is disconnected or has failed',
    ({ state }) => (state === 'running' ? 1 : 0),
  ),
  ofSources(
    'source_reported_timestamp_seconds',
    'When a source last reported a new incident',
    ({ reportedAt }) => (reportedAt === null ? null : reportedAt / 1000),
  ),
  ofInstances('pending', 'Incidents that a handler has not processed yet', ({ pending }) => pending),
  ofInstances(
    'oldest_pending_seconds',
    'Age of the oldest pending incident since acceptance; 0 when none is pending',
    ({ oldestPending }, { at }) => (oldestPending === null ? 0 : Math.max(0, at - oldestPending) / 1000),
  ),
  ofInstances('dead_letters', 'Incidents in the dead letters of a handler', ({ counts }) => counts.dead),
  ofInstances(
    'healthy',
    '0 while a handler does not start, has stopped, retries for more than a minute or is late; /health says why',
    ({ instance }, status) => healthOf(instance, { ...status, sources: [] }),
  ),
  ofSources(
    'source_healthy',
    '0 while a source has failed, waits, has lost incidents or is disconnected for long; /health says why',
    ({ instance }, status) => healthOf(instance, { ...status, ihandlers: [] }),
  ),
  ofInstances('stuck', '1 when a handler has stopped responding', ({ state }) => (state === 'stuck' ? 1 : 0)),
  ofInstances('paused', '1 when a handler is paused because it ended the program too often', ({ state }) =>
    state === 'paused' ? 1 : 0,
  ),
  {
    name: 'handler_count',
    help: 'Counters of a handler',
    labels: ['instance', 'name'],
    values: ({ ihandlers }) =>
      ihandlers.flatMap(({ instance, counters: own }) =>
        Object.entries(own).map(([name, value]) => [[instance, name], value] as const),
      ),
  },
  ofJournal('journal_entries', 'Incidents in the journal', 'entries'),
  ofJournal('journal_bytes', 'Size of the journal on disk', 'bytes'),
  ofJournal('journal_limit_bytes', 'Size at which the journal deletes the oldest incidents', 'limit'),
  ofJournal('journal_disk_free_bytes', 'Free space on the disk of the journal', 'free'),
];

/** The metrics of a host in the format of Prometheus, with those of the process (`process_…`, `nodejs_…`). */
export interface HostMetrics {
  readonly contentType: string;
  text(status: HostStatus): string;
}

function metricOf(measure: Measure, type: Metric['type'], status: HostStatus): Metric {
  const { name, help, labels } = measure;
  const values = measure
    .values(status)
    .flatMap(([own, value]) =>
      value !== null && Number.isFinite(value) && value >= 0 ? [[own, value] as const] : [],
    );
  return { name: `ihandler_${name}`, help, type, labels, values };
}

/** Creates the metrics. */
export function createHostMetrics(): HostMetrics {
  const ofProcess = measureProcess();
  return {
    contentType: EXPOSITION_TYPE,
    text: (status) =>
      exposition([
        ...ofProcess(),
        ...counters.map((measure) => metricOf(measure, 'counter', status)),
        ...gauges.map((measure) => metricOf(measure, 'gauge', status)),
      ]),
  };
}
