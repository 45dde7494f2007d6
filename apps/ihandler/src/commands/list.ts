import { escapeControls, escapeJson } from '@ihandler/core';
import {
  type Contribution,
  contributionsOf,
  describeHandler,
  findInstalled,
  type Installed,
  requiredOptions,
} from '@ihandler/host';
import { type App, type BuiltIn, text } from '../app.ts';
import { configurationFile } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { style } from '../terminal/terminal.ts';
import { wrapText } from '../terminal/wrap-text.ts';
import { optionsText } from './list/options.ts';

type InstalledPackage = Installed['packages'][number];

/** The column where the text of a line starts. */
const INDENT = 14;
const indent = ' '.repeat(INDENT);

function asJson({ packages, unusable }: Installed): object {
  return {
    packages: packages.map((one) => ({
      name: one.name,
      version: one.version,
      folder: one.folder,
      foundIn: one.foundIn,
      ihandlers: contributionsOf([one], 'handlers').map((handler) => ({
        name: handler.name,
        aliases: handler.spec.aliases,
        summary: handler.spec.summary,
        network: handler.spec.network,
        sends: handler.spec.sends ?? null,
        mask: masks(handler),
        needs: requiredOptions(handler.spec.options),
        runsByDefault: describeHandler(handler).runsByDefault,
        options: handler.spec.options,
      })),
      sources: contributionsOf([one], 'sources').map(({ name, spec }) => ({
        name,
        ...spec,
        export: undefined,
      })),
      commands: contributionsOf([one], 'commands').map(({ name, spec }) => ({ name, summary: spec.summary })),
      journals: contributionsOf([one], 'journals').map(({ name, spec }) => ({
        name,
        ...spec,
        export: undefined,
      })),
      sensors: contributionsOf([one], 'sensors').map(({ name, spec }) => ({
        name,
        ...spec,
        export: undefined,
      })),
    })),
    unusable,
  };
}

/** Whether a handler gets the sensor's address masked unless its entry says otherwise. */
function masks({ spec }: Contribution<'handlers'>): boolean {
  return spec.mask ?? spec.network;
}

function handlerLines(handler: Contribution<'handlers'>): string[] {
  const { name, spec } = handler;
  const { runsByDefault, needs, outbound, isForeign } = describeHandler(handler);
  const isolated = isForeign ? '; isolated with "isolate: foreign"' : '';
  const also = spec.aliases.length > 0 ? ` (also ${spec.aliases.join(', ')})` : '';
  const masked = masks(handler) ? "; the sensor's address is masked by default" : '';
  return [
    `  ihandler    ${name}${also}: ${spec.summary}`,
    `${indent}${outbound}${masked}; ${runsByDefault ? 'runs without a configuration' : needs}${isolated}`,
  ];
}

function packageLines(one: InstalledPackage, { terminal }: App): string[] {
  const lines = [
    ...contributionsOf([one], 'handlers').flatMap(handlerLines),
    ...contributionsOf([one], 'sources').map(({ name, spec }) => {
      const reads = spec.reads.map((what) => (what === 'stdin' ? 'standard input' : 'files'));
      return `  source      ${name}: ${spec.summary}${reads.length > 0 ? ` (import reads ${reads.join(' and ')})` : ''}`;
    }),
    ...contributionsOf([one], 'journals').map(({ name, spec }) => `  journal     ${name}: ${spec.summary}`),
    ...contributionsOf([one], 'commands').map(({ name, spec }) => `  command     ${name}: ${spec.summary}`),
    ...contributionsOf([one], 'sensors').map(
      ({ name, spec }) => `  sensor      ${name}: ${spec.summary} (init --${name} DIR)`,
    ),
  ].map((line) => wrapText(escapeControls(line), INDENT, terminal.columns));
  const title = style('bold', `${one.name} ${one.version}`, terminal);
  return [`${title}  ${style('dim', escapeControls(one.folder), terminal)}`, ...lines];
}

/** `list`: shows the installed packages from their manifests; runs no code of them. */
export const listCommand: BuiltIn = {
  name: 'list',
  summary: 'List installed packages, what they need and what they send',
  usage: '[[-c] FILE.yaml] [--options NAME | --json]',
  options: {
    config: { type: 'string', short: 'c', value: 'FILE.yaml', help: 'Also look beside this configuration' },
    options: { type: 'string', value: 'NAME', help: 'Show all options of a handler, source or journal' },
    json: { type: 'boolean', help: 'Print JSON, with all options' },
  },
  examples: [
    ['ihandler list', 'everything installed here'],
    ['ihandler list --options log-sqlite', 'the options of one handler'],
  ],
  async run(args, app) {
    const { world, terminal } = app;
    const installed = findInstalled(world, configurationFile('list', args, app));
    const name = text(args, 'options');
    if (name !== undefined) {
      await terminal.write(optionsText(installed, name, terminal.columns));
      return exitCodes.ok;
    }
    if (args.options['json'] === true) {
      await terminal.write(`${escapeJson(JSON.stringify(asJson(installed), undefined, 2))}\n`);
      return exitCodes.ok;
    }
    const blocks = installed.packages.map((one) => packageLines(one, app).join('\n'));
    const broken = installed.unusable.map(({ problem }) => `cannot be used: ${problem}`);
    const none = 'No ihandler package is installed here. To find one: npm search keywords:ihandler';
    await terminal.write(`${[...blocks, ...broken].join('\n\n') || none}\n`);
    return exitCodes.ok;
  },
};
