import type { Host } from '@ihandler/host';
import { type BuiltIn, configOption } from '../app.ts';
import { namedHost } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { laneLine } from './import/report.ts';

type Events = NonNullable<Parameters<Host['run']>[1]>;
type Started = Parameters<NonNullable<Events['onStarted']>>[0];
type Result = Awaited<ReturnType<Host['run']>>;

/** What runs, and where; the first line says `started`. */
function startedLines({ sensor, data, journal, sources, ihandlers, health }: Started): readonly string[] {
  const file = journal.file === undefined ? '' : ` ${journal.file}`;
  const risk = journal.durable ? '' : ': a crash loses pending incidents';
  return [
    `started: process ${process.pid}, sensor ${sensor}, data ${data}`,
    `  journal: ${journal.name}${file}${risk}`,
    `  sources: ${sources.join(', ')}`,
    `  ihandlers: ${ihandlers.join(', ') || 'none: incidents are only stored'}`,
    `  health and metrics: ${health === undefined ? 'off' : `${health}/health, ${health}/metrics`}`,
  ];
}

/** The backlog of each handler. */
function stoppedLines({ pending, durable }: Result): readonly string[] {
  if (pending.length === 0) return ['stopped: no pending incidents'];
  const fate = durable
    ? 'pending incidents are in the journal and will be delivered after the next start'
    : 'pending incidents were in memory and are lost';
  return [`stopped: ${fate}`, ...pending.map(laneLine)];
}

/** `run`: receives incidents from live sources and delivers them, until it is stopped. */
export const runCommand: BuiltIn = {
  name: 'run',
  summary: 'Receive and deliver incidents of a live honeypot until stopped',
  usage: '[-c] FILE.yaml',
  options: { config: configOption },
  examples: [['ihandler run -c my.yaml', 'Ctrl-C or SIGTERM stops it']],
  async run(args, app) {
    // A terminal shows what happens now; readers of a file or of the system's journal need the time.
    if (app.world.stderr.isTTY !== true) app.hostLog.showTimes(Date.now);
    const host = await namedHost('run', args, app);
    let hasStarted = false;
    const result = await host.run(app.world.signal, {
      onStarted(started) {
        hasStarted = true;
        startedLines(started).forEach(app.note);
      },
      onStopping: () => app.note('stopping: finishing queued incidents (up to 8 s)'),
    });
    if (result.journalFailed) return exitCodes.unusable;
    if (hasStarted) stoppedLines(result).forEach(app.note);
    return exitCodes.ok;
  },
};
