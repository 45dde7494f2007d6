import { type CommandArguments, escapeControls, IhandlerError } from '@ihandler/core';
import type { App, BuiltIn } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { type JournalPlan, mustBeKept, planJournal } from '../host/assembly/view-journal.ts';
import { didYouMean } from '../host/did-you-mean.ts';
import { fold } from '../terminal/wrap-text.ts';
import { configOption } from './command-instances.ts';
import { counted } from './dead-letter-format.ts';

/** `12.3 MB`. */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? String(value) : value.toFixed(1)} ${units[power]}`;
}

function cannot(action: string, { chosen }: JournalPlan): IhandlerError {
  return new IhandlerError(
    'OPTIONS_INVALID',
    `The journal "${chosen.name}" cannot be ${action}: its package does not offer it.`,
  );
}

/** Does what takes minutes with a large journal, and says so meanwhile. An interrupt ends it at once: nothing is half done. */
async function patiently<T>(doing: string, work: () => T, { terminal, host }: App): Promise<Awaited<T>> {
  terminal.progress(`${doing}: a minute or so for a million incidents (Ctrl-C stops it)`);
  try {
    return await (host.killable?.(work) ?? work());
  } finally {
    terminal.progress(undefined);
  }
}

async function check(plan: JournalPlan, args: CommandArguments, app: App): Promise<number> {
  const { terminal } = app;
  const { module, options, file, name } = plan.chosen;
  const look = module?.check;
  if (look === undefined) throw cannot('checked', plan);
  const { problems, entries, instances } = await patiently('reading all of it', () => look(options), app);
  if (args.options['json'] === true) {
    await terminal.write(`${JSON.stringify({ problems, entries, instances })}\n`);
  } else {
    const what = `${counted(entries, 'incident')}, ${counted(instances, 'instance')}`;
    const lines =
      problems.length === 0
        ? [`${file ?? name} is in order: ${what}.`]
        : [
            `${file ?? name} has ${counted(problems.length, 'problem')} (${what}):`,
            ...problems.map((problem) => `  ${problem}`),
          ];
    await terminal.write(
      `${lines.map((line) => fold(escapeControls(line), 2, terminal.columns)).join('\n')}\n`,
    );
  }
  return problems.length === 0 ? exitCodes.ok : exitCodes.partly;
}

async function compact(plan: JournalPlan, args: CommandArguments, app: App): Promise<number> {
  const { terminal } = app;
  const { module, options, file, name } = plan.chosen;
  const rewrite = module?.compact;
  if (rewrite === undefined) throw cannot('compacted', plan);
  const { before, after } = await patiently('writing it anew', () => rewrite(options), app);
  await terminal.write(
    args.options['json'] === true
      ? `${JSON.stringify({ before, after })}\n`
      : `${fold(escapeControls(`${file ?? name}: ${bytesInWords(before)} before, ${bytesInWords(after)} now.`), 2, terminal.columns)}\n`,
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
  const plan = await planJournal(args, app);
  mustBeKept(plan);
  return actions[action](plan, args, app);
}

/** `journal`: the file between sources and ihandlers is checked or made smaller. */
export const journalCommand: BuiltIn = {
  name: 'journal',
  summary: 'Check all that is in the journal, or give back space that it does not use',
  usage: 'check | compact',
  options: {
    config: configOption,
    json: { type: 'boolean', help: 'Print the result as one JSON object' },
  },
  examples: [
    [
      'ihandler journal check -c my.yaml',
      'whether it is whole and the counts balance; also while a process writes it',
    ],
    [
      'ihandler journal compact -c my.yaml',
      'after much was dropped or forgotten, while no process writes it',
    ],
  ],
  run: runJournal,
};
