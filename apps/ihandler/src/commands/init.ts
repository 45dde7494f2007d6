import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CommandArguments, describeError, escapeControls, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { type Contribution, contributionsOf, findInstalled, loadSensor } from '@ihandler/host';
import { type App, type BuiltIn, text } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import type { ProgramWorld } from '../program-world.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { starterConfiguration } from './init/starter-configuration.ts';

/** The default file. */
const FILE = 'ihandler.yaml';

/** Writes a file that does not exist yet. Only its owner and group may read it: it may come to hold secrets. */
function writeNew(file: string, named: string, content: string): void {
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o640 });
  } catch (cause) {
    throw new IhandlerError(
      'OPTIONS_INVALID',
      errorCode(cause) === 'EEXIST'
        ? `${named} exists already: name a new file, or remove it.`
        : `Cannot write ${named}: ${describeError(cause)}`,
      { cause },
    );
  }
}

/** Prints how to connect an installation of a sensor. */
async function explainSensor(sensor: Contribution<'sensors'>, folder: string, app: App): Promise<number> {
  const { world, terminal } = app;
  const { explain } = await loadSensor(sensor, world.conditions ?? []);
  if (explain === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${sensor.package.name} ${sensor.package.version} cannot inspect a ${sensor.name}.`,
    );
  const packages = findInstalled(world).packages;
  const named = <Kind extends 'handlers' | 'sources'>(kind: Kind) =>
    contributionsOf(packages, kind).map(({ name, package: from, spec }) => ({
      name,
      package: from.name,
      spec,
    }));
  const lines = await explain(resolve(world.cwd, folder), {
    handlers: named('handlers'),
    sources: named('sources'),
  });
  await terminal.write(`${lines.map(escapeControls).join('\n')}\n`);
  return exitCodes.ok;
}

async function runInit(args: CommandArguments, app: App): Promise<number> {
  const { world, terminal, program } = app;
  const packages = findInstalled(world).packages;
  const sensors = contributionsOf(packages, 'sensors').filter(({ name }) => text(args, name) !== undefined);
  const [named = FILE, ...more] = args.positionals;
  const [sensor, ...others] = sensors;
  if (more.length > 0 || others.length > 0 || (sensor !== undefined && args.positionals.length > 0))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected one file to write, or one sensor to inspect. See: ${program} init --help`,
    );
  if (sensor !== undefined) return explainSensor(sensor, text(args, sensor.name) ?? '', app);
  const content = starterConfiguration({
    handlers: contributionsOf(packages, 'handlers'),
    sources: contributionsOf(packages, 'sources'),
    journals: contributionsOf(packages, 'journals'),
  });
  writeNew(resolve(world.cwd, named), named, content);
  const file = shellWord(named);
  await terminal.write(
    `Wrote ${escapeControls(named)}. Review it, then:\n  ${program} check -c ${file}\n  ${program} import -c ${file} RECORDING\n  ${program} run -c ${file}\n`,
  );
  return exitCodes.ok;
}

/** `init`: creates a configuration, or explains how to connect a sensor. Each installed sensor adds an option. */
export function initCommand(world: ProgramWorld): BuiltIn {
  const sensors = contributionsOf(findInstalled(world).packages, 'sensors');
  const options = sensors.map(
    ({ name, spec }) => [name, { type: 'string', value: 'DIR', help: spec.summary }] as const,
  );
  return {
    name: 'init',
    summary: 'Create a starter configuration, or explain how to connect a sensor',
    usage: ['[FILE', ...sensors.map(({ name }) => `--${name} DIR`)].join(' | ').concat(']'),
    options: Object.fromEntries(options),
    examples: [
      ['ihandler init', `writes ${FILE}, with comments, for the installed packages`],
      ...sensors
        .slice(0, 1)
        .map(
          ({ name }) =>
            [`ihandler init --${name} /opt/${name}`, 'what to enable there; changes nothing'] as const,
        ),
    ],
    run: runInit,
  };
}
