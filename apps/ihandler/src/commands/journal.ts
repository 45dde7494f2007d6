import { type CommandArguments, escapeControls, escapeJson, IhandlerError } from '@ihandler/core';
import { formatBytes, formatCount } from '@ihandler/core/kit';
import { didYouMean, type Host } from '@ihandler/host';
import { type App, type BuiltIn, configOption } from '../app.ts';
import { hostFor } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { wrapText } from '../terminal/wrap-text.ts';

type LoadedJournal = Awaited<ReturnType<Host['loadJournal']>>;

function unsupported(action: string, { name }: LoadedJournal): IhandlerError {
  return new IhandlerError(
    'OPTIONS_INVALID',
    `The journal "${name}" cannot be ${action}: its package does not support it.`,
  );
}

/** Runs a step that takes minutes with a large journal, and says so. An interrupt ends it at once, with nothing half done. */
async function runLongStep<T>(title: string, work: () => T, { terminal, world }: App): Promise<Awaited<T>> {
  terminal.progress(`${title}: about a minute for a million incidents (Ctrl-C stops it)`);
  try {
    return await (world.killable?.(work) ?? work());
  } finally {
    terminal.progress(undefined);
  }
}

async function check(journal: LoadedJournal, args: CommandArguments, app: App): Promise<number> {
  const { terminal } = app;
  const { module, options, file, name } = journal;
  const verify = module?.check;
  if (verify === undefined) throw unsupported('verified', journal);
  const { problems, entries, instances } = await runLongStep('verifying', () => verify(options), app);
  if (args.options['json'] === true) {
    await terminal.write(`${escapeJson(JSON.stringify({ problems, entries, instances }))}\n`);
  } else {
    const content = `${formatCount(entries, 'incident')}, ${formatCount(instances, 'instance')}`;
    const lines =
      problems.length === 0
        ? [`${file ?? name} is intact: ${content}.`]
        : [
            `${file ?? name} has ${formatCount(problems.length, 'problem')} (${content}):`,
            ...problems.map((problem) => `  ${problem}`),
          ];
    await terminal.write(
      `${lines.map((line) => wrapText(escapeControls(line), 2, terminal.columns)).join('\n')}\n`,
    );
  }
  return problems.length === 0 ? exitCodes.ok : exitCodes.partly;
}

async function compact(
  journal: LoadedJournal,
  args: CommandArguments,
  app: App,
  host: Host,
): Promise<number> {
  const { module, options, file, name } = journal;
  const rewrite = module?.compact;
  if (rewrite === undefined) throw unsupported('compacted', journal);
  const { before, after } = await runLongStep(
    'compacting',
    () => host.keepOwners(() => rewrite(options)),
    app,
  );
  await app.terminal.write(
    args.options['json'] === true
      ? `${escapeJson(JSON.stringify({ before, after }))}\n`
      : `${escapeControls(file ?? name)}: ${formatBytes(before)} before, ${formatBytes(after)} now.\n`,
  );
  return exitCodes.ok;
}

async function runJournal(args: CommandArguments, app: App): Promise<number> {
  const [action = '', ...more] = args.positionals;
  const actions = { check, compact };
  const known = Object.keys(actions);
  if ((action !== 'check' && action !== 'compact') || more.length > 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected ${known.join(' or ')}; found ${JSON.stringify(args.positionals.join(' ').slice(0, 80))}${didYouMean(action, known)}. See: ${app.program} journal --help`,
    );
  const host = await hostFor(args, app);
  return actions[action](await host.loadJournal({ durable: true }), args, app, host);
}

/** `journal`: verifies or compacts the journal. */
export const journalCommand: BuiltIn = {
  name: 'journal',
  summary: 'Verify or compact the journal',
  usage: 'check | compact',
  options: {
    config: configOption,
    json: { type: 'boolean', help: 'Print the result as one JSON object' },
  },
  examples: [
    ['ihandler journal check -c my.yaml', 'works while a process writes it, too'],
    ['ihandler journal compact -c my.yaml', 'after dropping or forgetting much, while no process runs'],
  ],
  run: runJournal,
};
