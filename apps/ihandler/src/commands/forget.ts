import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandArguments, escapeControls, type HandlerEntry, IhandlerError } from '@ihandler/core';
import { withinNetworks } from '@ihandler/core/kit';
import { z } from 'zod';
import type { App, BuiltIn } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { preparePlanned } from '../host/assembly/host.ts';
import { mustBeKept, planJournal } from '../host/assembly/view-journal.ts';
import type { Configuration } from '../host/configuration/configuration.ts';
import { performOperation } from '../host/control/perform-operation.ts';
import { findOffer, offersOf } from '../host/discovery/contributions.ts';
import type { Installed } from '../host/discovery/find-packages.ts';
import { destinationsIn } from '../host/discovery/outbound-data.ts';
import { confirm, yesOption } from '../terminal/confirm.ts';
import { fold } from '../terminal/wrap-text.ts';
import { configOption } from './command-instances.ts';
import { wantedBy } from './configured.ts';
import { isNetworkStart } from './network-start.ts';

/** Throws `OPTIONS_INVALID` for what is neither an address nor a network. */
function networksIn(args: CommandArguments, { program }: App): readonly string[] {
  const networks = args.positionals;
  if (networks.length === 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected addresses or networks such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32. See: ${program} forget --help`,
    );
  for (const network of networks)
    try {
      withinNetworks([network]);
    } catch (cause) {
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `Expected an address or a network such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32; found ${JSON.stringify(network.slice(0, 80))}. Nothing was done.`,
        { cause },
      );
    }
  const within = networks.find((network) => !isNetworkStart(network));
  if (within !== undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected a network that begins with its first address, such as 203.0.113.0/24; found ${within}, which may mean that address or all of its network: say which. Nothing was done.`,
    );
  return networks;
}

function nameOf({ instance, handler }: HandlerEntry): string {
  return instance ?? handler.name;
}

/** What instances have sent away, and to where, as their packages and options say. */
function sentBy(
  configuration: Configuration,
  installed: Installed,
  app: App,
): readonly (readonly [instance: string, what: string])[] {
  const offers = offersOf(installed.packages, 'handlers');
  return wantedBy(configuration, installed, app).flatMap(({ entry }) => {
    const offer = findOffer(offers, entry.name);
    if (typeof offer === 'string' || !offer.spec.network) return [];
    const to = destinationsIn(entry.config).join(', ');
    const what = `it has sent ${offer.spec.sends ?? 'something'}${to === '' ? '' : `, to ${to}`}: copies there stay`;
    return [[entry.as ?? offer.name, what] as const];
  });
}

/** Files in the data folder that hold incidents as they came, and that people keep or remove. */
function keptFiles(dataDir: string): readonly string[] {
  return readdirSync(dataDir)
    .filter((name) => /^(?:rejects|dead-letters)\b.*\.ndjson$/.test(name))
    .map((name) => join(dataDir, name));
}

async function runForget(args: CommandArguments, app: App): Promise<number> {
  const { terminal } = app;
  const networks = networksIn(args, app);
  const plan = await planJournal(args, app);
  mustBeKept(plan);
  const { configuration, workshop, dataDir } = plan;
  const { handlers } = await preparePlanned(plan, app, { sources: false });
  const question = `Forget ${networks.join(', ')} in the journal and in all databases of ${configuration.file ?? 'the ihandlers here'}?`;
  if (!(await confirm(question, args, app))) {
    app.note('nothing was forgotten');
    return exitCodes.nothing;
  }
  const forgetting = handlers.filter(({ handler }) => handler.forget !== undefined);
  const answers = await performOperation(
    { method: 'forget', params: { networks: [...networks] } },
    { dataDir, instances: forgetting.map(nameOf), answer: z.record(z.string(), z.string()) },
    args,
    app,
  );
  const others = handlers.map(nameOf).filter((instance) => !Object.hasOwn(answers, instance));
  if (args.options['json'] === true) {
    await terminal.write(`${JSON.stringify({ did: answers, untouched: others })}\n`);
    return exitCodes.ok;
  }
  const sent = sentBy(configuration, workshop.installed, app);
  const files = keptFiles(dataDir);
  const rest = [
    ...sent.map(([instance, what]) => `  ${instance}: ${what}`),
    ...others
      .filter((instance) => !sent.some(([sender]) => sender === instance))
      .map((instance) => `  ${instance}: what it wrote, such as a text log, is not its to change`),
    ...files.map((file) => `  ${file}: input that was no incident, or dead letters of an import`),
    '  Backups, and what others have copied.',
  ];
  const lines = [
    `Forgotten: ${networks.join(', ')}`,
    ...Object.entries(answers).map(([instance, did]) => `  ${instance}: ${did}`),
    'Not touched:',
    ...rest,
  ];
  await terminal.write(
    `${lines.map((line) => fold(escapeControls(line), line.startsWith(' ') ? 4 : 0, terminal.columns)).join('\n')}\n`,
  );
  return exitCodes.ok;
}

/** `forget`: what is kept of remote hosts goes, for good. */
export const forgetCommand: BuiltIn = {
  name: 'forget',
  summary: 'Remove all that databases and the journal keep of addresses or networks',
  usage: 'IP|CIDR… [--yes]',
  options: {
    config: configOption,
    yes: yesOption,
    json: { type: 'boolean', help: 'Print what was done as one JSON object' },
  },
  examples: [
    ['ihandler forget 203.0.113.9 -c my.yaml', 'one address: asks first'],
    ['ihandler forget 203.0.113.0/24 2001:db8::/32 --yes -c my.yaml', 'networks, in a script'],
  ],
  run: runForget,
};
