import { type CommandArguments, type DeadLetter, IhandlerError, type JournalView } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import { didYouMean } from '@ihandler/host';
import { type App, type BuiltIn, configOption, text } from '../app.ts';
import { hostFor } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { yesOption } from '../terminal/confirm.ts';
import { style } from '../terminal/terminal.ts';
import { dropDeadLetters, retryDeadLetters } from './dead-letters/actions.ts';
import { deadLettersOf, letterFilter, parsePositions } from './dead-letters/filter.ts';
import { letterAsJson, letterInFull, letterLines } from './dead-letters/format.ts';
import { assertKnown } from './known-instance.ts';

/** The default number of dead letters listed for each instance. */
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
  const isSelected = letterFilter(args);
  const shown: DeadLetter[] = [];
  let count = 0;
  for (const letter of deadLettersOf(view, instance)) {
    if (!isSelected(letter)) continue;
    count += 1;
    if (args.options['json'] === true) await terminal.write(`${letterAsJson(letter)}\n`);
    else if (shown.length < limit) shown.push(letter);
  }
  if (shown.length === 0) return count;
  const width = Math.max(...shown.map(({ position }) => String(position).length));
  await terminal.write(`${style('bold', `${instance}: ${formatCount(count, 'dead letter')}`, terminal)}\n`);
  for (const letter of shown) await terminal.write(letterLines(letter, width, terminal));
  const more = count - shown.length;
  if (more > 0) await terminal.write(`  and ${formatCount(more)} more: --limit ${count}\n`);
  return count;
}

async function list(args: CommandArguments, app: App): Promise<number> {
  const view = await (await hostFor(args, app)).openJournalView();
  try {
    const known = Object.keys(view.cursors());
    const named = text(args, 'instance') ?? args.positionals[1];
    if (named !== undefined) assertKnown(named, known);
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
  const view = await (await hostFor(args, app)).openJournalView();
  try {
    assertKnown(instance, Object.keys(view.cursors()));
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

/** `dead-letters`: lists, shows, retries or drops incidents that a handler could not process. */
export const deadLettersCommand: BuiltIn = {
  name: 'dead-letters',
  summary: 'List, retry or drop incidents that a handler could not process',
  usage: 'list|show|retry|drop [INSTANCE [POSITION…]]',
  options: {
    config: configOption,
    instance: { type: 'string', value: 'NAME', help: 'Only this instance (list)' },
    origin: { type: 'string', multiple: true, value: 'GLOB', help: 'Only these origins' },
    grep: { type: 'string', value: 'TEXT', help: 'Only those with TEXT in the reason or the incident' },
    limit: { type: 'string', value: 'N', help: `At most N of each instance (list; default: ${SHOWN})` },
    all: { type: 'boolean', help: 'All that --origin and --grep select (retry, drop)' },
    yes: yesOption,
    json: { type: 'boolean', help: 'Print JSON: one line each, or the result' },
  },
  examples: [
    ['ihandler dead-letters list -c my.yaml', 'all of them, with their reasons'],
    ['ihandler dead-letters show virustotal 4711 -c my.yaml', 'one with its incident'],
    ['ihandler dead-letters retry virustotal --all -c my.yaml', 'after the cause is fixed'],
    ['ihandler dead-letters drop virustotal 4711 -c my.yaml', 'one that is not worth a retry'],
  ],
  run: runDeadLetters,
};
