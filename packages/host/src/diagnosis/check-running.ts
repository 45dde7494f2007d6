import type { JournalView } from '@ihandler/core';
import { formatCount, formatDuration, formatTime, HOUR } from '@ihandler/core/kit';
import {
  describeLost,
  type HostStatus,
  type InstanceStatus,
  LOST_FOR,
  problemsOf,
  type SourceState,
} from '../status/host-status.ts';
import type { InstanceNames } from '../status/instance-names.ts';
import { ownClockFindings, sensorClockFindings } from './check-clocks.ts';
import type { Finding } from './finding.ts';

/** A source that has reported nothing for this long, in milliseconds: a honeypot on the Internet sees something every few minutes. */
const SILENT = 6 * HOUR;
/** The names in the configuration. */
export interface ConfiguredNames {
  readonly sources: readonly string[];
  readonly instances: InstanceNames;
}

function sourceFindings(
  instance: string,
  live: SourceState | undefined,
  storedAt: number | undefined,
  now: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const last = live?.reportedAt ?? storedAt;
  const advice =
    'check that the sensor runs, that attackers can reach it, and that it writes what this source reads';
  if (last === undefined)
    findings.push({ severity: 'warning', about: instance, found: 'no incident received yet', advice });
  else if (now - last > SILENT)
    findings.push({
      severity: 'warning',
      about: instance,
      found: `no incident received since ${formatTime(last, 'local')} (${formatDuration(now - last)})`,
      advice,
    });
  if (live?.lost != null && now - live.lost.at >= LOST_FOR)
    findings.push({ severity: 'warning', about: instance, found: describeLost(live.lost, now) });
  if (live !== undefined && live.rejected > 0)
    findings.push({
      severity: 'warning',
      about: instance,
      found: `${formatCount(live.rejected, 'input')} rejected since the start`,
      advice: 'the rejects file in the data folder has the reasons; ihandler import reads it again',
    });
  if (live?.assumed != null && live.assumed > 0)
    findings.push({
      severity: 'warning',
      about: instance,
      found: `${formatCount(live.assumed, 'incident')} not stored since the start: retention has removed the entries up to their ids, so they count as known without a comparison`,
      advice:
        'normal after a sensor has sent old incidents again; otherwise find out which client uses the stream of another',
    });
  return [...findings, ...sensorClockFindings(instance, live?.clocks ?? [])];
}

function countFindings({ instance, counts }: InstanceStatus): readonly Finding[] {
  const findings: Finding[] = [];
  if (counts.dead > 0)
    findings.push({
      severity: 'warning',
      about: instance,
      found: formatCount(counts.dead, 'dead letter'),
      advice: `ihandler dead-letters list --instance ${instance}, then retry or drop them`,
    });
  if (counts.lost > 0)
    findings.push({
      severity: 'error',
      about: instance,
      found: `${formatCount(counts.lost, 'incident')} gone from the journal before it processed them (deleted by retention, or damaged)`,
      advice: 'raise the limit of the journal, and find out why the handler is slow or down',
    });
  return findings;
}

function statusFindings(status: HostStatus): readonly Finding[] {
  // Incidents that are late while nothing runs are a consequence of that, which is another finding.
  const severity = status.pid === null ? 'warning' : 'error';
  return problemsOf(status).map(({ about, problem, advice }) => ({
    severity,
    about,
    found: problem,
    advice: status.pid === null ? 'start ihandler' : advice,
  }));
}

function unconfiguredFinding(instance: string, dead: number, usedAt: number): Finding {
  const letters = dead > 0 ? ` and ${formatCount(dead, 'dead letter')}` : '';
  return {
    severity: 'note',
    about: instance,
    found: `not in the configuration any more; the journal keeps its position${letters} for a while (last used ${formatTime(usedAt, 'local')})`,
  };
}

/**
 * Findings about sources, instances and clocks. `status` is that of the running process, or what the journal has when none
 * runs; names that are not configured any more are only noted.
 */
export function runFindings(
  view: JournalView,
  status: HostStatus,
  configured: ConfiguredNames,
  now: number,
): readonly Finding[] {
  const stored = view.sources();
  const { last } = view.bounds();
  const newest = last === 0 ? undefined : view.acceptedAt(last);
  const isConfigured = ({ instance }: { readonly instance: string }) =>
    configured.instances.names.includes(instance);
  // A removed one has no backlog. What a process runs is configured, whether its name is known here or not.
  const isKnown = status.pid === null || configured.instances.areComplete;
  const ihandlers = isKnown ? status.ihandlers.filter(isConfigured) : status.ihandlers;
  // A replay has a cursor of its own, which is not an instance.
  const cursors = Object.entries(view.cursors()).filter(([instance]) => !instance.includes('@'));
  return [
    ...ownClockFindings(newest, now),
    ...statusFindings({ ...status, ihandlers }),
    ...configured.sources.flatMap((instance) =>
      sourceFindings(
        instance,
        status.sources.find((source) => source.instance === instance),
        stored[instance]?.at ?? newest,
        now,
      ),
    ),
    ...ihandlers.flatMap(countFindings),
    ...cursors.flatMap(([instance, { usedAt, counts }]) =>
      isConfigured({ instance }) || !configured.instances.areComplete
        ? []
        : [unconfiguredFinding(instance, counts.dead, usedAt)],
    ),
  ];
}
