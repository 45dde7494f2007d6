import { type CommandArguments, isIhandlerError } from '@ihandler/core';
import type { App, BuiltIn } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { type JournalPlan, planJournal } from '../host/assembly/view-journal.ts';
import { callControl } from '../host/control/control-client.ts';
import { pauseFor } from '../host/running/pause-for.ts';
import { type HostStatus, troubles } from '../host/status/host-status.ts';
import { type StoredStatus, storedStatus } from '../host/status/stored-status.ts';
import { configOption } from './command-instances.ts';
import { formatStatus } from './status-format.ts';

/** The longest a running process may take to answer, in milliseconds. */
const PATIENCE = 10_000;
/** How often `--watch` looks, in milliseconds. */
const PERIOD = 1000;

async function look(plan: JournalPlan, signal: AbortSignal): Promise<StoredStatus> {
  const answer = await callControl(plan.dataDir, 'status', {}, { timeout: PATIENCE, signal });
  // Safe: the process that answers is this program; another version may know more or less of the same.
  if (answer !== undefined) return { status: answer as HostStatus, remarks: [] };
  return storedStatus(plan);
}

/** What the exit code says: 0 only for what runs and needs nobody. */
function codeOf({ status }: StoredStatus): number {
  return status.pid === null || troubles(status).length > 0 ? exitCodes.partly : exitCodes.ok;
}

async function show({ status, remarks }: StoredStatus, args: CommandArguments, app: App): Promise<void> {
  const { terminal } = app;
  const isWatched = args.options['watch'] === true;
  if (args.options['json'] === true) {
    const all = { running: status.pid !== null, ...status, remarks, problems: troubles(status) };
    const text = isWatched ? JSON.stringify(all) : JSON.stringify(all, undefined, 2);
    return terminal.write(`${text}\n`);
  }
  const text = `${formatStatus(status, terminal)}${remarks.map((remark) => `${remark}\n`).join('')}`;
  // Home, and what is below removed after each line: a terminal shows no empty screen between.
  const redrawn = text.replaceAll('\n', '\x1b[K\n');
  const before = isWatched && terminal.columns !== undefined;
  await terminal.write(before ? `\x1b[H${redrawn}\x1b[J` : text);
}

async function runStatus(args: CommandArguments, app: App): Promise<number> {
  const { signal } = app.host;
  const plan = await planJournal(args, app);
  if (args.options['watch'] !== true) {
    const found = await look(plan, signal);
    await show(found, args, app);
    return codeOf(found);
  }
  if (app.terminal.columns !== undefined && args.options['json'] !== true)
    await app.terminal.write('\x1b[H\x1b[2J');
  let code: number = exitCodes.ok;
  while (!signal.aborted) {
    try {
      const found = await look(plan, signal);
      await show(found, args, app);
      code = codeOf(found);
    } catch (error) {
      // It is busy, or has just ended: that is what somebody watches for.
      if (!isIhandlerError(error) || error.code !== 'TARGET_UNREADABLE') throw error;
      app.note(error.message);
      code = exitCodes.partly;
    }
    await pauseFor(PERIOD, signal);
  }
  return code;
}

/** `status`: what runs, what waits where and why. */
export const statusCommand: BuiltIn = {
  name: 'status',
  summary: 'Show what runs, what waits for which ihandler, and why',
  usage: '[-c FILE.yaml] [--json] [--watch]',
  options: {
    config: configOption,
    json: { type: 'boolean', help: 'Print JSON' },
    watch: { type: 'boolean', short: 'w', help: 'Look again every second, until interrupted' },
  },
  examples: [
    ['ihandler status -c my.yaml', 'now; exit code 3 when it does not run or somebody should look at it'],
    ['ihandler status -c my.yaml --watch', 'every second'],
  ],
  run: runStatus,
};
