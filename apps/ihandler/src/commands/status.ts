import { type CommandArguments, escapeJson, isIhandlerError } from '@ihandler/core';
import { pause } from '@ihandler/core/kit';
import { type Host, problemsOf } from '@ihandler/host';
import { type App, type BuiltIn, configOption } from '../app.ts';
import { namedHost } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { formatStatus } from './status/format.ts';

/** How often `--watch` asks, in milliseconds. */
const PERIOD = 1000;

type StatusReport = Awaited<ReturnType<Host['status']>>;

/** 0 only when it runs and nothing needs attention. */
function codeOf({ status }: StatusReport): number {
  return status.pid === null || problemsOf(status).length > 0 ? exitCodes.partly : exitCodes.ok;
}

async function show({ status, remarks }: StatusReport, args: CommandArguments, app: App): Promise<void> {
  const { terminal } = app;
  const isWatched = args.options['watch'] === true;
  if (args.options['json'] === true) {
    const problems = problemsOf(status).map(({ about, problem }) => `${about}: ${problem}`);
    const all = { running: status.pid !== null, ...status, remarks, problems };
    return terminal.write(`${escapeJson(JSON.stringify(all, undefined, isWatched ? undefined : 2))}\n`);
  }
  const text = `${formatStatus(status, terminal)}${remarks.map((remark) => `${remark}\n`).join('')}`;
  // Cursor home, and the rest of each line erased: the screen does not flicker.
  const redrawn = text.replaceAll('\n', '\x1b[K\n');
  const before = isWatched && terminal.columns !== undefined;
  await terminal.write(before ? `\x1b[H${redrawn}\x1b[J` : text);
}

async function watch(host: Host, args: CommandArguments, app: App): Promise<number> {
  const { signal } = app.world;
  if (app.terminal.columns !== undefined && args.options['json'] !== true)
    await app.terminal.write('\x1b[H\x1b[2J');
  let code: number = exitCodes.ok;
  while (!signal.aborted) {
    try {
      const report = await host.status({ signal });
      await show(report, args, app);
      code = codeOf(report);
    } catch (error) {
      // The process is busy or has just ended, which is worth watching.
      if (!isIhandlerError(error) || error.code !== 'TARGET_UNREADABLE') throw error;
      app.note(error.message);
      code = exitCodes.partly;
    }
    await pause(PERIOD, signal);
  }
  return code;
}

/** `status`: shows what runs, and each handler's backlog. */
export const statusCommand: BuiltIn = {
  name: 'status',
  summary: "Show sources, handlers and each handler's backlog",
  usage: '[[-c] FILE.yaml] [--json] [--watch]',
  options: {
    config: configOption,
    json: { type: 'boolean', help: 'Print JSON' },
    watch: { type: 'boolean', short: 'w', help: 'Refresh every second, until interrupted' },
  },
  examples: [
    ['ihandler status -c my.yaml', 'exit code 3 when it is not running or something needs attention'],
    ['ihandler status -c my.yaml --watch', 'refreshed every second'],
  ],
  async run(args, app) {
    const host = await namedHost('status', args, app);
    if (args.options['watch'] === true) return watch(host, args, app);
    const report = await host.status({ signal: app.world.signal });
    await show(report, args, app);
    return codeOf(report);
  },
};
