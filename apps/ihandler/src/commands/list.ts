import { dirname, resolve } from 'node:path';
import { type CommandArguments, escapeControls } from '@ihandler/core';
import { type App, type BuiltIn, text } from '../app.ts';
import { type Offer, offersOf } from '../host/discovery/contributions.ts';
import { runsByDefault, whatItNeeds } from '../host/discovery/default-handlers.ts';
import { findPackages, type Installed, type InstalledPackage } from '../host/discovery/find-packages.ts';
import { requiredOptions } from '../host/discovery/option-schema.ts';
import { whatLeaves } from '../host/discovery/outbound-data.ts';
import { bold, dim } from '../terminal/terminal.ts';
import { fold } from '../terminal/wrap-text.ts';

/** Where the words of a line begin. */
const INDENT = 14;
const indent = ' '.repeat(INDENT);

function asJson({ packages, unusable }: Installed): object {
  return {
    packages: packages.map((one) => ({
      name: one.name,
      version: one.version,
      folder: one.folder,
      foundIn: one.foundIn,
      ihandlers: offersOf([one], 'handlers').map((offer) => ({
        name: offer.name,
        aliases: offer.spec.aliases,
        summary: offer.spec.summary,
        network: offer.spec.network,
        sends: offer.spec.sends ?? null,
        needs: requiredOptions(offer.spec.options),
        runsByDefault: runsByDefault(offer),
        options: offer.spec.options,
      })),
      sources: offersOf([one], 'sources').map(({ name, spec }) => ({ name, ...spec, export: undefined })),
      commands: offersOf([one], 'commands').map(({ name, spec }) => ({ name, summary: spec.summary })),
      journals: offersOf([one], 'journals').map(({ name, spec }) => ({ name, ...spec, export: undefined })),
    })),
    unusable,
  };
}

function handlerLines(offer: Offer<'handlers'>): string[] {
  const { name, spec } = offer;
  const running = runsByDefault(offer) ? 'runs without a configuration' : whatItNeeds(offer);
  const also = spec.aliases.length > 0 ? ` (also ${spec.aliases.join(', ')})` : '';
  return [`  ihandler    ${name}${also}: ${spec.summary}`, `${indent}${whatLeaves(offer)}; ${running}`];
}

function packageLines(one: InstalledPackage, app: App): string[] {
  const lines = [
    ...offersOf([one], 'handlers').flatMap(handlerLines),
    ...offersOf([one], 'sources').map(({ name, spec }) => {
      const reads = spec.reads.map((what) => (what === 'stdin' ? 'standard input' : 'files'));
      return `  source      ${name}: ${spec.summary}${reads.length > 0 ? ` (import reads ${reads.join(' and ')})` : ''}`;
    }),
    ...offersOf([one], 'journals').map(({ name, spec }) => `  journal     ${name}: ${spec.summary}`),
    ...offersOf([one], 'commands').map(({ name, spec }) => `  command     ${name}: ${spec.summary}`),
  ].map((line) => fold(escapeControls(line), INDENT, app.terminal.columns));
  const title = bold(`${one.name} ${one.version}`, app.terminal);
  return [`${title}  ${dim(escapeControls(one.folder), app.terminal)}`, ...lines];
}

async function runList(args: CommandArguments, app: App): Promise<number> {
  const config = text(args, 'config');
  const folder = config === undefined ? [] : [dirname(resolve(app.host.cwd, config))];
  const installed = findPackages([...folder, app.host.cwd, app.host.prefix]);
  if (args.options['json'] === true) {
    await app.terminal.write(`${JSON.stringify(asJson(installed), undefined, 2)}\n`);
    return 0;
  }
  const blocks = installed.packages.map((one) => packageLines(one, app).join('\n'));
  const broken = installed.unusable.map(({ problem }) => `cannot be used: ${problem}`);
  const none =
    'No package with something for ihandler is installed here. `npm search keywords:ihandler` finds some.';
  await app.terminal.write(`${[...blocks, ...broken].join('\n\n') || none}\n`);
  return 0;
}

/** `list`: what is installed, and what it does, needs and sends; runs no code of the packages. */
export const listCommand: BuiltIn = {
  name: 'list',
  summary: 'Show what is installed, what it needs, and what leaves the machine',
  usage: '[-c FILE.yaml] [--json]',
  options: {
    config: { type: 'string', short: 'c', value: 'FILE.yaml', help: 'Look beside this configuration too' },
    json: { type: 'boolean', help: 'Print JSON, with every option of everything' },
  },
  examples: [['ihandler list', 'what is installed']],
  run: runList,
};
