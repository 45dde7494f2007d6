import { type CommandArguments, type Handler, IhandlerError, isWriting } from '@ihandler/core';
import { parseTime } from '@ihandler/core/kit';
import { z } from 'zod';
import { type App, type BuiltIn, text } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { preparePlanned } from '../host/assembly/host.ts';
import { mustKnow, viewJournal } from '../host/assembly/view-journal.ts';
import { replayProgress } from '../host/control/operations.ts';
import { performOperation } from '../host/control/perform-operation.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { fold } from '../terminal/wrap-text.ts';
import { configOption } from './command-instances.ts';
import { originGlobs } from './dead-letter-filter.ts';
import { counted, localTime } from './dead-letter-format.ts';
import { laneLine } from './import-report.ts';

const counts = z.object({
  delivered: z.number(),
  filtered: z.number(),
  dead: z.number(),
  dropped: z.number(),
  lost: z.number(),
});

interface Plan {
  readonly instance: string;
  readonly dataDir: string;
  readonly name: string;
  readonly since: number | undefined;
  readonly only: readonly string[] | undefined;
  /** How many dead letters it has: those are not replayed. */
  readonly dead: number;
}

/** `20261125T224503`: a new one for each replay, unless an earlier one is to go on. */
function nameOf(args: CommandArguments, now: Date): string {
  const name = text(args, 'name') ?? now.toISOString().replace(/[-:]|\.\d+Z$/g, '');
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `--name expects up to 64 letters, digits, "_", "-" and dots; found ${JSON.stringify(name.slice(0, 80))}.`,
  );
}

/** Whether a handler knows what it has stored, and so stores nothing twice. */
function keepsCheckpoint(handler: Handler): boolean {
  return isWriting(handler) && handler.checkpoint !== undefined;
}

function mustBeMeant(instance: string, count: number, { program }: App): never {
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `${instance} keeps no checkpoint, so nobody knows what it has done already: whatever it wrote or sent for these ${count.toLocaleString('en')} incidents, it would write or send once more. If that is meant, add --again. Nothing was done. See: ${program} replay --help`,
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
      `Expected who is to get incidents again: --instance NAME${first === undefined ? '' : `; found ${JSON.stringify(first.slice(0, 80))}`}. See: ${app.program} replay --help`,
    );
  const plan = await viewJournal(args, app);
  const { view, dataDir } = plan;
  try {
    const prepared = await preparePlanned(plan, app, { sources: false });
    const names = prepared.handlers.map((entry) => entry.instance ?? entry.handler.name);
    mustKnow(instance, names);
    const handler = prepared.handlers[names.indexOf(instance)]?.handler;
    const { before, last } = view.bounds();
    if (handler !== undefined && !keepsCheckpoint(handler) && args.options['again'] !== true)
      mustBeMeant(instance, last - before, app);
    const dead = view.cursors()[instance]?.counts.dead ?? 0;
    return { instance, dataDir, name, since, only, dead };
  } finally {
    view.close();
  }
}

async function runReplay(args: CommandArguments, app: App): Promise<number> {
  const { terminal, host } = app;
  const { instance, dataDir, name, since, only, dead } = await planReplay(args, app);
  const words =
    since === undefined ? 'all that the journal has' : `what was accepted since ${localTime(since)}`;
  app.note(`replay ${name}: ${instance} gets ${words}${only ? ` of ${only.join(', ')}` : ''}`);
  if (dead > 0)
    app.note(
      `its ${counted(dead, 'dead letter')} not among them: ${app.program} dead-letters retry ${instance} --all`,
    );
  try {
    const result = await performOperation(
      {
        method: 'replay',
        params: { instance, name, ...(since !== undefined && { since }), ...(only && { only: [...only] }) },
      },
      {
        dataDir,
        instances: [instance],
        answer: counts,
        onProgress(progress) {
          const { data } = replayProgress.safeParse(progress);
          if (data === undefined) return;
          const part = data.total === 0 ? 100 : Math.floor((data.done / data.total) * 100);
          terminal.progress(
            `${part} %  ${data.done.toLocaleString('en')} of ${data.total.toLocaleString('en')} for ${instance}`,
          );
        },
      },
      args,
      app,
    );
    terminal.progress(undefined);
    const lane = { instance, counts: result, pending: 0 };
    const lines = [`Replayed (${name})`, laneLine(lane)];
    await terminal.write(
      args.options['json'] === true
        ? `${JSON.stringify({ instance, name, ...result })}\n`
        : `${lines.map((line) => fold(line, 2, terminal.columns)).join('\n')}\n`,
    );
    return result.dead > 0 ? exitCodes.partly : exitCodes.ok;
  } catch (error) {
    terminal.progress(undefined);
    if (!host.signal.aborted) throw error;
    const again = [app.program, ...app.argv.map(shellWord), ...(text(args, 'name') ? [] : ['--name', name])];
    app.note('interrupted; what was delivered stays, and this goes on from there:');
    app.note(`  ${again.join(' ')}`);
    return exitCodes.interrupted;
  }
}

/** `replay`: an instance gets again what the journal still has. */
export const replayCommand: BuiltIn = {
  name: 'replay',
  summary: 'Give an ihandler again what the journal still has',
  usage: '--instance NAME [--since DATE] [--origin GLOB]… [--again]',
  options: {
    config: configOption,
    instance: { type: 'string', value: 'NAME', help: 'Who gets it' },
    since: { type: 'string', value: 'DATE', help: 'Only what was accepted since then: a date, 24h, 7d' },
    origin: { type: 'string', multiple: true, value: 'GLOB', help: 'Only incidents of such an origin' },
    again: {
      type: 'boolean',
      help: 'Also to an ihandler without a checkpoint, which acts on all of it once more',
    },
    name: { type: 'string', value: 'NAME', help: 'Go on with the replay of this name that was cut off' },
    json: { type: 'boolean', help: 'Print the counts of the replay as one JSON object' },
  },
  examples: [
    ['ihandler replay --instance log-sqlite -c my.yaml', 'fill a database that was lost or is new'],
    [
      'ihandler replay --instance notify --since 24h --origin "dionaea.download.*" --again -c my.yaml',
      'the last day, once more',
    ],
  ],
  run: runReplay,
};
