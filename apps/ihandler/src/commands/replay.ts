import { type CommandArguments, escapeJson, type Handler, IhandlerError, isWriting } from '@ihandler/core';
import { formatCount, formatTime, parseTime } from '@ihandler/core/kit';
import type { Host } from '@ihandler/host';
import { type App, type BuiltIn, configOption, text } from '../app.ts';
import { hostFor } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { wrapText } from '../terminal/wrap-text.ts';
import { originGlobs } from './dead-letters/filter.ts';
import { laneLine } from './import/report.ts';
import { assertKnown } from './known-instance.ts';

interface Plan {
  readonly host: Host;
  readonly instance: string;
  readonly name: string;
  readonly since: number | undefined;
  readonly only: readonly string[] | undefined;
  /** The number of its dead letters, which are not replayed. */
  readonly dead: number;
}

/** The name of a replay: that of an interrupted one to resume, else a new one such as `20261125T224503.117`. */
function nameOf(args: CommandArguments, now: Date): string {
  const name = text(args, 'name') ?? now.toISOString().replace(/[-:]|Z$/g, '');
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `--name expects up to 64 letters, digits, "_", "-" and dots; found ${JSON.stringify(name.slice(0, 80))}.`,
  );
}

/** Whether a handler keeps a checkpoint, so that it stores nothing twice. */
function keepsCheckpoint(handler: Handler): boolean {
  return isWriting(handler) && handler.checkpoint !== undefined;
}

function refuseWithoutCheckpoint(instance: string, count: number, { program }: App): never {
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `${instance} keeps no checkpoint: a replay would make it write or send ${formatCount(count, 'incident')} once more. To do so, add --again. Nothing was done. See: ${program} replay --help`,
  );
}

async function planReplay(args: CommandArguments, app: App): Promise<Plan> {
  const instance = text(args, 'instance');
  const only = originGlobs(args);
  const now = new Date();
  const written = text(args, 'since');
  const since = written === undefined ? undefined : parseTime('since', written, now.getTime());
  const name = nameOf(args, now);
  const [first] = args.positionals;
  if (instance === undefined || first !== undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected the instance to replay to: --instance NAME${first === undefined ? '' : `; found ${JSON.stringify(first.slice(0, 80))}`}. See: ${app.program} replay --help`,
    );
  const host = await hostFor(args, app);
  const view = await host.openJournalView();
  try {
    const entries = await host.loadHandlers();
    const names = entries.map((entry) => entry.instance ?? entry.handler.name);
    assertKnown(instance, names);
    const handler = entries[names.indexOf(instance)]?.handler;
    const { before, last } = view.bounds();
    if (handler !== undefined && !keepsCheckpoint(handler) && args.options['again'] !== true)
      refuseWithoutCheckpoint(instance, last - before, app);
    const dead = view.cursors()[instance]?.counts.dead ?? 0;
    return { host, instance, name, since, only, dead };
  } finally {
    view.close();
  }
}

async function runReplay(args: CommandArguments, app: App): Promise<number> {
  const { terminal, world } = app;
  const { host, instance, name, since, only, dead } = await planReplay(args, app);
  const from =
    since === undefined
      ? 'all incidents in the journal'
      : `incidents accepted since ${formatTime(since, 'local')}`;
  app.note(`replay ${name}: delivering ${from}${only ? ` of ${only.join(', ')}` : ''} to ${instance}`);
  if (dead > 0)
    app.note(
      `not included: ${formatCount(dead, 'dead letter')}; see ${app.program} dead-letters retry ${instance} --all`,
    );
  try {
    const counts = await host.replay({
      instance,
      name,
      since,
      only,
      signal: world.signal,
      onProgress({ done, total }) {
        const part = total === 0 ? 100 : Math.floor((done / total) * 100);
        terminal.progress(`${part} %  ${formatCount(done)} of ${formatCount(total)} for ${instance}`);
      },
    });
    terminal.progress(undefined);
    const lines = [`Replayed (${name})`, laneLine({ instance, counts, known: counts.known, pending: 0 })];
    await terminal.write(
      args.options['json'] === true
        ? `${escapeJson(JSON.stringify({ instance, name, ...counts, delivered: counts.delivered - (counts.known ?? 0) }))}\n`
        : `${lines.map((line) => wrapText(line, 2, terminal.columns)).join('\n')}\n`,
    );
    return counts.dead > 0 ? exitCodes.partly : exitCodes.ok;
  } catch (error) {
    terminal.progress(undefined);
    if (!world.signal.aborted) throw error;
    const again = [app.program, ...app.argv.map(shellWord), ...(text(args, 'name') ? [] : ['--name', name])];
    app.note('interrupted; to resume:');
    app.note(`  ${again.join(' ')}`);
    return exitCodes.interrupted;
  }
}

/** `replay`: delivers incidents from the journal to an instance again. */
export const replayCommand: BuiltIn = {
  name: 'replay',
  summary: 'Re-deliver incidents from the journal to a handler',
  usage: '--instance NAME [--since DATE] [--origin GLOB]… [--again]',
  options: {
    config: configOption,
    instance: { type: 'string', value: 'NAME', help: 'The instance to deliver to' },
    since: { type: 'string', value: 'DATE', help: 'Only incidents accepted since a date, or 24h, 7d' },
    origin: { type: 'string', multiple: true, value: 'GLOB', help: 'Only these origins' },
    again: { type: 'boolean', help: 'Allow it for a handler without a checkpoint' },
    name: { type: 'string', value: 'NAME', help: 'Resume the interrupted replay of this name' },
    json: { type: 'boolean', help: 'Print the counts of the replay as one JSON object' },
  },
  examples: [
    ['ihandler replay --instance log-sqlite -c my.yaml', 'fills a new or lost database'],
    ['ihandler replay --instance notify --since 24h --again -c my.yaml', 'the last day, once more'],
  ],
  run: runReplay,
};
