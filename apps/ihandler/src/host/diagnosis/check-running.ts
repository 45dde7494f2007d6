import type { JournalView } from '@ihandler/core';
import { z } from 'zod';
import { counted, localTime } from '../../commands/dead-letter-format.ts';
import { type Finding, span } from './finding.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Nothing for so long, in milliseconds: a honeypot on the Internet sees something every few minutes. */
const SILENT = 6 * HOUR;
/** What waits for so long, in milliseconds, is in need of somebody. */
const WAITS_LONG = 15 * MINUTE;
/** Clocks may differ by so much, in milliseconds. */
const SKEW = 2 * MINUTE;
/** Time zones differ by multiples of this. */
const ZONE = 15 * MINUTE;

const time = z.number().nullable();

/** Of the status of a running process, what is looked at here. */
export const liveStatus = z.object({
  pid: time,
  ihandlers: z.array(
    z.object({ instance: z.string(), state: z.string(), since: time, failure: z.string().nullable() }),
  ),
  sources: z.array(
    z.object({
      instance: z.string(),
      state: z.string(),
      since: time,
      reportedAt: time,
      newest: time,
      failure: z.string().nullable(),
    }),
  ),
});

/** See {@link liveStatus}. */
export type LiveStatus = z.output<typeof liveStatus>;

/** What a source that is `ahead` of our clock (behind: negative) says about the clocks. */
function skew(instance: string, ahead: number): Finding | undefined {
  const far = Math.abs(ahead);
  if (far < SKEW) return undefined;
  const offBy = far % ZONE;
  const isZone = far > ZONE / 2 && Math.min(offBy, ZONE - offBy) < SKEW && far < 15 * HOUR;
  if (ahead < 0 && !isZone) return undefined; // it may simply be far behind
  return {
    severity: 'warning',
    about: instance,
    found: `its newest incident happened ${span(far)} ${ahead > 0 ? 'after' : 'before'} it was accepted: ${isZone ? 'the clocks are in different time zones' : 'the clocks of sensor and this machine differ'}`,
    advice: isZone
      ? 'see that the sensor writes UTC (dionaea does), and that its own clock is right'
      : 'let both be set by NTP (timedatectl)',
  };
}

/** What is wrong with a source, by its state. */
const troubles: ReadonlyMap<string, string> = new Map([
  ['failed', 'has failed'],
  ['waiting', 'waits, because the journal takes nothing'],
  ['disconnected', 'is cut off from where it listens'],
]);

function sourceFindings(
  instance: string,
  live: LiveStatus['sources'][number] | undefined,
  keptAt: number | undefined,
  now: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const trouble = live === undefined ? undefined : troubles.get(live.state);
  if (trouble !== undefined)
    findings.push({
      severity: 'error',
      about: instance,
      found: `it ${trouble}: ${live?.failure ?? 'it does not say why'}`,
    });
  const last = live?.reportedAt ?? keptAt;
  const advice =
    'see that the sensor runs, that attackers reach it, and that it writes what is read here (ihandler init --dionaea DIR tells)';
  if (last === undefined)
    findings.push({ severity: 'warning', about: instance, found: 'it has brought nothing yet', advice });
  else if (now - last > SILENT)
    findings.push({
      severity: 'warning',
      about: instance,
      found: `silent since ${localTime(last)} (${span(now - last)})`,
      advice,
    });
  const { newest, reportedAt } = live ?? { newest: null, reportedAt: null };
  const skewed = newest === null || reportedAt === null ? undefined : skew(instance, newest - reportedAt);
  return skewed === undefined ? findings : [...findings, skewed];
}

function instanceFindings(
  instance: string,
  { position, counts }: ReturnType<JournalView['cursors']>[string],
  live: LiveStatus['ihandlers'][number] | undefined,
  view: JournalView,
  now: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const { before, last } = view.bounds();
  const oldest = position < last ? view.acceptedAt(Math.max(position, before) + 1) : undefined;
  if (counts.dead > 0)
    findings.push({
      severity: 'warning',
      about: instance,
      found: counted(counts.dead, 'dead letter'),
      advice: `ihandler dead-letters list --instance ${instance}, then retry or drop them`,
    });
  if (counts.lost > 0)
    findings.push({
      severity: 'error',
      about: instance,
      found: `${counted(counts.lost, 'incident')} went by retention before it had handled them`,
      advice: 'give the journal more room, and see why it is slow or down',
    });
  if (oldest !== undefined && now - oldest > WAITS_LONG)
    findings.push({
      severity: 'warning',
      about: instance,
      found: `${counted(last - Math.max(position, before), 'incident')} wait, the oldest for ${span(now - oldest)}${live?.failure ? ` (${live.failure})` : ''}`,
      advice: 'ihandler status says what it does',
    });
  return findings;
}

/** What is wrong with sources, instances and clocks. `configured` are the names in the configuration, as far as they are known. */
export function liveFindings(
  view: JournalView,
  live: LiveStatus | undefined,
  configured: { readonly sources: readonly string[]; readonly instances: readonly string[] | undefined },
  now: number,
): readonly Finding[] {
  const kept = view.sources();
  // A replay has a cursor of its own, for which nobody waits.
  const cursors = Object.entries(view.cursors()).filter(([instance]) => !instance.includes('@'));
  const isConfigured = (instance: string) => configured.instances?.includes(instance) !== false;
  const { last } = view.bounds();
  const newest = last === 0 ? undefined : view.acceptedAt(last);
  return [
    ...(newest !== undefined && newest - now > SKEW
      ? [
          {
            severity: 'warning' as const,
            about: 'clock',
            found: `the newest incident was accepted ${span(newest - now)} in the future: the clock of this machine was set back`,
            advice: 'let it be set by NTP (timedatectl); ages are counted wrongly until then',
          },
        ]
      : []),
    ...configured.sources.flatMap((instance) =>
      sourceFindings(
        instance,
        live?.sources.find((source) => source.instance === instance),
        kept[instance]?.at ?? newest,
        now,
      ),
    ),
    ...cursors
      .filter(([instance]) => isConfigured(instance))
      .flatMap(([instance, cursor]) =>
        instanceFindings(
          instance,
          cursor,
          live?.ihandlers.find((lane) => lane.instance === instance),
          view,
          now,
        ),
      ),
    ...cursors.flatMap(([instance, { usedAt, counts }]) =>
      isConfigured(instance)
        ? []
        : [
            {
              severity: 'note' as const,
              about: instance,
              found: `it is not in the configuration any more; the journal keeps its place${counts.dead > 0 ? ` and ${counted(counts.dead, 'dead letter')}` : ''} for a while (last used ${localTime(usedAt)})`,
            },
          ],
    ),
  ];
}
