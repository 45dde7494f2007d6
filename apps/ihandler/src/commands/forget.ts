import {
  type CommandArguments,
  escapeControls,
  escapeJson,
  type HandlerEntry,
  IhandlerError,
} from '@ihandler/core';
import { formatCount, normalizeNetwork, withinNetworks } from '@ihandler/core/kit';
import { type Host, parseEntry } from '@ihandler/host';

import { type App, type BuiltIn, configOption, texts } from '../app.ts';
import { hostFor } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { wrapText } from '../terminal/wrap-text.ts';

type Leftover = Awaited<ReturnType<Host['filesNaming']>>[number];

/** The addresses and networks of the arguments. Throws `OPTIONS_INVALID` for anything else. */
function networksIn({ positionals }: CommandArguments, { program }: App): readonly string[] {
  if (positionals.length === 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected addresses or networks such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32. See: ${program} forget --help`,
    );
  return positionals.map((word) => {
    try {
      withinNetworks([word]);
    } catch (cause) {
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `Expected an address or a network such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32; found ${JSON.stringify(word.slice(0, 80))}. Nothing was done.`,
        { cause },
      );
    }
    return normalizeNetwork(word);
  });
}

function nameOf({ instance, handler }: HandlerEntry): string {
  return instance ?? handler.name;
}

/** A file in which an address is left, and what to do. */
function leftoverLine({ file, mentions, problem }: Leftover): string {
  if (mentions === undefined) return `  ${file}: not searched: ${problem}; run this command as root`;
  const advice = 'delete the file when you no longer need it, or remove the lines yourself';
  return `  ${file}: ${formatCount(mentions, 'mention')} left; ${advice}`;
}

/** What is not removed: copies elsewhere, the output of the other instances, and backups. */
function untouchedLines(host: Host, others: readonly string[]): readonly string[] {
  const sent = host.sentData();
  return [
    ...sent.map(({ instance, sends, destinations }) => {
      const to = destinations.length > 0 ? ` to ${destinations.join(', ')}` : '';
      return `  ${instance}: copies of ${sends ?? 'the data'} that it sent${to}`;
    }),
    ...others
      .filter((name) => !sent.some(({ instance }) => instance === name))
      .map((name) => `  ${name}: its output, such as log files, is not modified; remove the lines yourself`),
    '  Backups and other copies.',
  ];
}

async function runForget(args: CommandArguments, app: App): Promise<number> {
  const { terminal } = app;
  const networks = networksIn(args, app);
  const host = await hostFor(args, app);
  const { installed, file } = host.configuration;
  const added = texts(args, 'with').map((value) => parseEntry(value, installed));
  for (const { config } of added) app.secrets.learn(config);
  const isOnlyAdded = added.length > 0 && file === undefined;
  const handlers = isOnlyAdded ? [] : await host.loadHandlers();
  const where = isOnlyAdded
    ? `the data of ${added.map(({ name }) => name).join(', ')}`
    : `the journal and in all databases of ${file ?? 'the installed handlers'}`;
  const question = `Forget ${networks.join(', ')} in ${where}?`;
  if (!(await confirm(question, args, app))) {
    app.note('nothing was forgotten');
    return exitCodes.nothing;
  }
  const forgetting = handlers.filter(({ handler }) => handler.forget !== undefined).map(nameOf);
  const answers = await host.forget(networks, {
    instances: forgetting,
    with: added,
    signal: app.world.signal,
  });
  const left = await host.filesNaming(networks, added);
  const others = handlers.map(nameOf).filter((instance) => !Object.hasOwn(answers, instance));
  if (args.options['json'] === true) {
    await terminal.write(`${escapeJson(JSON.stringify({ did: answers, untouched: others, left }))}\n`);
    return exitCodes.ok;
  }
  const lines = [
    `Forgotten: ${networks.join(', ')}`,
    ...Object.entries(answers).map(([instance, did]) => `  ${instance}: ${did}`),
    ...(left.length > 0 ? ['Still in:', ...left.map(leftoverLine)] : []),
    'Not touched:',
    ...untouchedLines(host, others),
  ];
  await terminal.write(
    `${lines.map((line) => wrapText(escapeControls(line), line.startsWith(' ') ? 4 : 0, terminal.columns)).join('\n')}\n`,
  );
  return exitCodes.ok;
}

/** `forget`: permanently removes everything stored about remote hosts. */
export const forgetCommand: BuiltIn = {
  name: 'forget',
  summary: 'Remove everything that databases and the journal store about addresses',
  usage: 'IP|CIDR… [--yes]',
  options: {
    config: configOption,
    with: {
      type: 'string',
      multiple: true,
      value: 'NAME:OPTION=VALUE',
      help: 'Also forget in this handler’s data',
    },
    yes: yesOption,
    json: { type: 'boolean', help: 'Print the result as one JSON object' },
  },
  examples: [
    ['ihandler forget 203.0.113.9 -c my.yaml', 'one address; asks first'],
    ['ihandler forget 203.0.113.0/24 2001:db8::/32 --yes -c my.yaml', 'networks, in a script'],
    [
      'ihandler forget 203.0.113.9 --with log-sqlite:file=attacks.sqlite',
      'in one database, filled by import',
    ],
  ],
  run: runForget,
};
