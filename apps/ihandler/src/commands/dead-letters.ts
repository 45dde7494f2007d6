import { type CommandArguments, type DeadLetter, IhandlerError, type JournalView } from '@ihandler/core';
import { type App, type BuiltIn, text } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { mustKnow, viewJournal } from '../host/assembly/view-journal.ts';
import { didYouMean } from '../host/did-you-mean.ts';
import { yesOption } from '../terminal/confirm.ts';
import { bold } from '../terminal/terminal.ts';
import { configOption } from './command-instances.ts';
import { dropDeadLetters, retryDeadLetters } from './dead-letter-actions.ts';
import { deadLettersOf, letterFilter, parsePositions } from './dead-letter-filter.ts';
import { counted, letterAsJson, letterInFull, letterLines } from './dead-letter-format.ts';

/** How many are listed of an instance when nobody says. */
const SHOWN = 100;

function limitOf(args: CommandArguments): number {
  const written = text(args, 'limit') ?? String(SHOWN);
  if (/^[1-9]\d{0,8}$/.test(written)) return Number(written);
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `--limit expects a number from 1; found ${JSON.stringify(written.slice(0, 40))}.`,
  );
}

async function listOne(
  instance: string,
  view: JournalView,
  args: CommandArguments,
  { terminal }: App,
): Promise<number> {
  const limit = limitOf(args);
  const isWanted = letterFilter(args);
  const shown: DeadLetter[] = [];
  let count = 0;
  for (const letter of deadLettersOf(view, instance)) {
    if (!isWanted(letter)) continue;
    count += 1;
    if (args.options['json'] === true) await terminal.write(`${letterAsJson(letter)}\n`);
    else if (shown.length < limit) shown.push(letter);
  }
  if (shown.length === 0) return count;
  const width = Math.max(...shown.map(({ position }) => String(position).length));
  await terminal.write(`${bold(`${instance}: ${counted(count, 'dead letter')}`, terminal)}\n`);
  for (const letter of shown) await terminal.write(letterLines(letter, width, terminal));
  const more = count - shown.length;
  if (more > 0) await terminal.write(`  and ${more.toLocaleString('en')} more: --limit ${count}\n`);
  return count;
}

async function list(args: CommandArguments, app: App): Promise<number> {
  const { view } = await viewJournal(args, app);
  try {
    const known = Object.keys(view.cursors());
    const named = text(args, 'instance') ?? args.positionals[1];
    if (named !== undefined) mustKnow(named, known);
    let count = 0;
    for (const instance of named === undefined ? known : [named])
      count += await listOne(instance, view, args, app);
    if (count > 0) return exitCodes.ok;
    if (args.options['json'] !== true) await app.terminal.write('No dead letters.\n');
    return exitCodes.nothing;
  } finally {
    view.close();
  }
}

async function show(args: CommandArguments, app: App): Promise<number> {
  const [, instance, ...typed] = args.positionals;
  const [position, ...more] = parsePositions(typed);
  if (instance === undefined || position === undefined || more.length > 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected an instance and one position: ${app.program} dead-letters show INSTANCE POSITION`,
    );
  const { view } = await viewJournal(args, app);
  try {
    mustKnow(instance, Object.keys(view.cursors()));
    const [letter] = view.deadLetters(instance, position - 1, 1);
    if (letter?.position !== position)
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `${instance} has no dead letter at position ${position}. See: ${app.program} dead-letters list --instance ${instance}`,
      );
    await app.terminal.write(
      args.options['json'] === true ? `${letterAsJson(letter)}\n` : letterInFull(letter, app.terminal),
    );
    return exitCodes.ok;
  } finally {
    view.close();
  }
}

const actions = { list, show, retry: retryDeadLetters, drop: dropDeadLetters };

function isAction(name: string): name is keyof typeof actions {
  return Object.hasOwn(actions, name);
}

async function runDeadLetters(args: CommandArguments, app: App): Promise<number> {
  const [name = 'list'] = args.positionals;
  if (isAction(name)) return actions[name](args, app);
  const names = Object.keys(actions);
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `Expected one of ${names.join(', ')}; found ${JSON.stringify(name.slice(0, 40))}${didYouMean(name, names)}. See: ${app.program} dead-letters --help`,
  );
}

/** `dead-letters`: incidents that an ihandler could not handle are looked at, tried again or dropped. */
export const deadLettersCommand: BuiltIn = {
  name: 'dead-letters',
  summary: 'Show incidents that an ihandler gave up on; try them again, or drop them',
  usage: 'list|show|retry|drop [INSTANCE [POSITION…]]',
  options: {
    config: configOption,
    instance: { type: 'string', value: 'NAME', help: 'list: only those of this instance' },
    origin: { type: 'string', multiple: true, value: 'GLOB', help: 'Only incidents of such an origin' },
    grep: { type: 'string', value: 'TEXT', help: 'Only those with this text in the reason or the incident' },
    limit: { type: 'string', value: 'N', help: `list: how many of each instance (default: ${SHOWN})` },
    all: { type: 'boolean', help: 'retry, drop: all of the instance (that --origin and --grep let through)' },
    yes: yesOption,
    json: { type: 'boolean', help: 'Print JSON: a line for each, or the result' },
  },
  examples: [
    ['ihandler dead-letters list -c my.yaml', 'what was given up, and why'],
    ['ihandler dead-letters show virustotal 4711 -c my.yaml', 'one with its incident'],
    ['ihandler dead-letters retry virustotal --all -c my.yaml', 'when what was wrong has been put right'],
    ['ihandler dead-letters drop virustotal 4711 -c my.yaml', 'when nobody wants it any more'],
  ],
  run: runDeadLetters,
};
