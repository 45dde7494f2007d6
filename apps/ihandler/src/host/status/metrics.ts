import type { Counter, Gauge, Registry } from 'prom-client';
import type { HostStatus } from './host-status.ts';

/** Something measured of a host: its name without `ihandler_`, what it says, its labels, and each value with theirs. */
interface Measure {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  values(status: HostStatus): readonly (readonly [labels: readonly string[], value: number | null])[];
}

type OfSource = HostStatus['sources'][number];
type OfInstance = HostStatus['ihandlers'][number];

function ofSources(name: string, help: string, value: (source: OfSource) => number | null): Measure {
  return {
    name,
    help,
    labels: ['source'],
    values: ({ sources }) => sources.map((source) => [[source.instance], value(source)]),
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

function ofJournal(name: string, help: string, key: 'entries' | 'bytes' | 'limit' | 'free'): Measure {
  return {
    name,
    help,
    labels: ['journal'],
    values: ({ journal }) => (journal === null ? [] : [[[journal.name], journal[key]]]),
  };
}

/** What only rises, but for a restart. */
const counters: readonly Measure[] = [
  ofSources(
    'incidents_accepted_total',
    'Incidents that a source reported and that were new',
    (s) => s.accepted,
  ),
  ofSources('incidents_known_total', 'Incidents that a source reported and that were known', (s) => s.known),
  ofSources('rejects_total', 'What a source read that is no incident', (s) => s.rejected),
  ofSources(
    'misfits_total',
    'Incidents whose data does not fit the schema of their origin',
    (s) => s.misfits,
  ),
  ofSources('unknown_origins_total', 'Incidents whose origin has no schema', (s) => s.unknown),
  {
    name: 'deliveries_total',
    help: 'What became of accepted incidents: delivered, filtered, dropped from the dead letters, or lost to retention',
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
  ofSources('source_up', '1 while a source runs, 0 while it waits, is away or has failed', ({ state }) =>
    state === 'running' ? 1 : 0,
  ),
  ofSources(
    'source_reported_timestamp_seconds',
    'When a source last reported something new',
    ({ reportedAt }) => (reportedAt === null ? null : reportedAt / 1000),
  ),
  ofInstances('waiting', 'Incidents that an ihandler has not handled yet', ({ waiting }) => waiting),
  ofInstances(
    'oldest_waiting_seconds',
    'How long the oldest of them has waited; 0 when none does',
    ({ oldestWaiting }, { at }) => (oldestWaiting === null ? 0 : Math.max(0, at - oldestWaiting) / 1000),
  ),
  ofInstances('dead_letters', 'Incidents that an ihandler has given up', ({ counts }) => counts.dead),
  ofInstances('stuck', '1 when an ihandler does not answer', ({ state }) => (state === 'stuck' ? 1 : 0)),
  {
    name: 'handler_count',
    help: 'What an ihandler counts of itself',
    labels: ['instance', 'name'],
    values: ({ ihandlers }) =>
      ihandlers.flatMap(({ instance, counters: own }) =>
        Object.entries(own).map(([name, value]) => [[instance, name], value] as const),
      ),
  },
  ofJournal('journal_entries', 'Incidents that the journal holds', 'entries'),
  ofJournal('journal_bytes', 'Size of the journal on disk', 'bytes'),
  ofJournal('journal_limit_bytes', 'The size at which the journal lets the oldest go', 'limit'),
  ofJournal('journal_disk_free_bytes', 'Room left on the disk of the journal', 'free'),
];

/** The metrics of a host as Prometheus reads them, together with those of the process (`process_…`, `nodejs_…`). */
export interface HostMetrics {
  readonly contentType: string;
  text(status: HostStatus): Promise<string>;
}

/** Loads the client only when somebody wants metrics. */
export async function createHostMetrics(): Promise<HostMetrics> {
  const { default: client } = await import('prom-client');
  const registry: Registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });

  function made(measure: Measure, kind: 'Counter' | 'Gauge'): (status: HostStatus) => void {
    const { name, help, labels } = measure;
    const options = { name: `ihandler_${name}`, help, labelNames: [...labels], registers: [registry] };
    const metric: Counter | Gauge =
      kind === 'Counter' ? new client.Counter(options) : new client.Gauge(options);
    return (status) => {
      metric.reset();
      for (const [values, value] of measure.values(status))
        if (value !== null && Number.isFinite(value) && value >= 0)
          metric.inc(Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])), value);
    };
  }

  const updates = [
    ...counters.map((measure) => made(measure, 'Counter')),
    ...gauges.map((measure) => made(measure, 'Gauge')),
  ];
  return {
    contentType: registry.contentType,
    async text(status) {
      for (const update of updates) update(status);
      return registry.metrics();
    },
  };
}
