import type { LaneStatus } from '@ihandler/core';
import type { PreparedHost } from '../host/assembly/host.ts';
import { laneLine } from './import-report.ts';

/** What runs, and where, for people: the first line says `started`. */
export function startedLines(
  { dataDir, sensor, chosen, sources, handlers }: PreparedHost,
  health: string | undefined,
): readonly string[] {
  const names = handlers.map(({ instance, handler }) => instance ?? handler.name);
  const file = chosen.file === undefined ? '' : ` ${chosen.file}`;
  const risk = chosen.journal.durable ? '' : ': a crash loses what waits';
  return [
    `started: process ${process.pid}, sensor ${sensor}, data ${dataDir}`,
    `  journal: ${chosen.name}${file}${risk}`,
    `  sources: ${sources.map(({ instance }) => instance).join(', ')}`,
    `  ihandlers: ${names.join(', ') || 'none: what comes in is only kept'}`,
    `  health and metrics: ${health === undefined ? 'off' : `${health}/health, ${health}/metrics`}`,
  ];
}

/** What still waits for each instance. */
export function stoppedLines({ chosen }: PreparedHost, left: readonly LaneStatus[]): readonly string[] {
  if (left.length === 0) return ['stopped: nothing waits'];
  const fate = chosen.journal.durable
    ? 'what waits is in the journal, and delivered after the next start'
    : 'what waited was in memory, and is lost';
  return [`stopped: ${fate}`, ...left.map(laneLine)];
}
