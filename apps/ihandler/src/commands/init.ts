import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CommandArguments, describeError, escapeControls, IhandlerError } from '@ihandler/core';
import { type App, type BuiltIn, text } from '../app.ts';
import { offersOf } from '../host/discovery/contributions.ts';
import { findPackages } from '../host/discovery/find-packages.ts';
import { dionaeaAdvice } from '../host/setup/advice.ts';
import { readDionaea } from '../host/setup/read-installation.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { starterConfiguration } from './starter-configuration.ts';

/** The file that is written when none is named. */
const FILE = 'ihandler.yaml';

/** Never overwrites. Only its owner and group may read it: secrets may come into it. */
function writeNew(file: string, named: string, content: string): void {
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o640 });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new IhandlerError(
      'OPTIONS_INVALID',
      exists
        ? `${named} exists already: name a new file, or remove it.`
        : `${named} cannot be written: ${describeError(cause)}`,
      { cause },
    );
  }
}

async function runInit(args: CommandArguments, { host, terminal, program }: App): Promise<number> {
  const dionaea = text(args, 'dionaea');
  const [named = FILE, ...more] = args.positionals;
  if (more.length > 0 || (dionaea !== undefined && args.positionals.length > 0))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected one file to write, or --dionaea DIR. See: ${program} init --help`,
    );
  const { packages } = findPackages([host.cwd, host.prefix]);
  const handlers = offersOf(packages, 'handlers');
  const sources = offersOf(packages, 'sources');
  if (dionaea !== undefined) {
    const advice = dionaeaAdvice(readDionaea(resolve(host.cwd, dionaea)), handlers, sources);
    await terminal.write(`${advice.map(escapeControls).join('\n')}\n`);
    return 0;
  }
  writeNew(
    resolve(host.cwd, named),
    named,
    starterConfiguration({ handlers, sources, journals: offersOf(packages, 'journals') }),
  );
  const file = shellWord(named);
  await terminal.write(
    `Wrote ${escapeControls(named)}. Look at it, then:\n  ${program} check -c ${file}\n  ${program} import -c ${file} RECORDING\n  ${program} run -c ${file}\n`,
  );
  return 0;
}

/** `init`: writes a configuration to begin with, or says how to connect a dionaea. */
export const initCommand: BuiltIn = {
  name: 'init',
  summary: 'Write a configuration to begin with, or tell how to connect a dionaea',
  usage: `[FILE | --dionaea DIR]`,
  options: {
    dionaea: {
      type: 'string',
      value: 'DIR',
      help: 'Read this dionaea (its folder, or its etc) and tell what to enable; changes nothing',
    },
  },
  examples: [
    ['ihandler init', `writes ${FILE}, with comments, for what is installed`],
    ['ihandler init --dionaea /opt/dionaea', 'what to enable there, and what of it can run here'],
  ],
  run: runInit,
};
