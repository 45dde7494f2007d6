import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeError, escapeControls, IhandlerError, isIhandlerError } from '@ihandler/core';
import type { App, BuiltIn } from './app.ts';
import { checkCommand } from './commands/check.ts';
import {
  instancesFor,
  namedConfiguration,
  targetIn,
  withConfigOption,
} from './commands/command-instances.ts';
import { chooseLogFor } from './commands/configured.ts';
import { commandFor } from './commands/contributed.ts';
import { importCommand } from './commands/import.ts';
import { initCommand } from './commands/init.ts';
import { listCommand } from './commands/list.ts';
import { operatorCommands } from './commands/operator-commands.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';
import { tryCommand } from './commands/try.ts';
import { exitCodeOf, exitCodes } from './exit-code.ts';
import { createSecrets, withoutSecrets } from './host/configuration/secrets.ts';
import { didYouMean } from './host/did-you-mean.ts';
import { offersOf } from './host/discovery/contributions.ts';
import { findPackages, type InstalledPackage } from './host/discovery/find-packages.ts';
import { createHostLog } from './host/running/host-log.ts';
import { type Host, programName } from './host/world.ts';
import { commandHelp, programHelp } from './terminal/help.ts';
import { parseArguments } from './terminal/parse-arguments.ts';
import { createTerminal, isClosedPipe, wantsColor } from './terminal/terminal.ts';

const builtIns: readonly BuiltIn[] = [
  importCommand,
  runCommand,
  statusCommand,
  listCommand,
  checkCommand,
  initCommand,
  tryCommand,
  ...operatorCommands,
];

function version(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : 'unknown';
}

function colorFlag(argv: readonly string[]): boolean | undefined {
  if (argv.includes('--no-color')) return false;
  return argv.includes('--color') ? true : undefined;
}

interface Split {
  /** The options before the command. */
  readonly before: readonly string[];
  /** The command: the first argument that is no option. */
  readonly name: string | undefined;
  readonly rest: readonly string[];
}

function split(argv: readonly string[]): Split {
  const at = argv.findIndex((argument) => !argument.startsWith('-'));
  return at === -1
    ? { before: argv, name: undefined, rest: [] }
    : { before: argv.slice(0, at), name: argv[at], rest: argv.slice(at + 1) };
}

async function showHelp(name: string | undefined, rest: readonly string[], app: App): Promise<number> {
  const { packages } = findPackages([app.host.cwd, app.host.prefix]);
  const reader = { program: app.program, columns: app.terminal.columns };
  if (name === undefined) {
    await app.terminal.write(programHelp(version(), builtIns, packages, reader));
    return exitCodes.ok;
  }
  const command =
    builtIns.find((builtIn) => builtIn.name === name) ?? (await contributed(name, rest, app, true));
  await app.terminal.write(commandHelp(command, reader));
  return exitCodes.ok;
}

/** The packages for a command of theirs: also those beside the configuration that it names. */
function packagesFor(rest: readonly string[], { host }: Pick<App, 'host'>): readonly InstalledPackage[] {
  const config = namedConfiguration(rest);
  const folder = config === undefined ? [] : [dirname(resolve(host.cwd, config))];
  return findPackages([...folder, host.cwd, host.prefix]).packages;
}

async function contributed(name: string, rest: readonly string[], { host, program }: App, isHelp = false) {
  const packages = packagesFor(rest, { host });
  const offers = offersOf(packages, 'commands');
  const named = offers.filter((offer) => offer.name === name);
  if (named.length === 0) {
    const known = [...builtIns, ...offers, { name: 'help' }].map((command) => command.name);
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `There is no command ${escapeControls(name)}${didYouMean(name, known)}. Commands: ${[...new Set(known)].join(', ')}. See: ${program} --help`,
    );
  }
  return withConfigOption(
    await commandFor(named, targetIn(rest), { conditions: host.conditions ?? [], isHelp }),
  );
}

async function runNamed(name: string, rest: readonly string[], app: App): Promise<number> {
  const own = builtIns.find((builtIn) => builtIn.name === name);
  if (own !== undefined) {
    const args = parseArguments(rest, own.options, name);
    chooseLogFor(args, undefined, app);
    return own.run(args, app);
  }
  const command = await contributed(name, rest, app);
  const args = parseArguments(rest, command.options, name);
  chooseLogFor(args, undefined, app);
  const { terminal, host } = app;
  try {
    return await command.run(args, {
      terminal,
      instances: instancesFor(command, packagesFor(rest, app), args, app),
      signal: host.signal,
      log: app.log(name),
      now: () => Date.now(),
    });
  } finally {
    terminal.progress(undefined);
  }
}

async function runArguments(argv: readonly string[], app: App): Promise<number> {
  const { before, name, rest } = split(argv);
  if (before.includes('--version')) {
    await app.terminal.write(`${version()}\n`);
    return exitCodes.ok;
  }
  const { options } = parseArguments(before, {}, '');
  const end = rest.indexOf('--');
  const wantsHelp = (end === -1 ? rest : rest.slice(0, end)).some(
    (word) => word === '--help' || word === '-h',
  );
  if (name === 'help') return showHelp(rest[0], rest.slice(1), app);
  if (name === undefined || options['help'] === true || wantsHelp) {
    const code = await showHelp(name, rest, app);
    return argv.length === 0 ? exitCodes.usage : code;
  }
  return runNamed(name, rest, app);
}

function tell(error: unknown, app: App, isVerbose: boolean): void {
  const lines = isVerbose && error instanceof Error ? (error.stack ?? error.message) : describeError(error);
  const isExpected = isIhandlerError(error);
  const text = isExpected && !isVerbose ? error.message : lines;
  for (const [index, line] of text.split('\n').entries())
    app.terminal.warn(index === 0 ? `ihandler: ${escapeControls(line)}` : escapeControls(line));
}

/** Runs the program with these arguments in this world; resolves with its exit code. Throws nothing. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const isVerbose = argv.includes('--debug');
  const secrets = createSecrets();
  const color = wantsColor(host.env, host.stdout, colorFlag(argv));
  const terminal = withoutSecrets(createTerminal(host, color), secrets);
  const hostLog = createHostLog(terminal, secrets);
  const app: App = {
    host,
    terminal,
    argv,
    log: hostLog.log,
    hostLog,
    secrets,
    note: (text) => terminal.warn(escapeControls(text)),
    program: programName(host.env),
  };
  try {
    return await runArguments(argv, app);
  } catch (error) {
    terminal.progress(undefined);
    // `ihandler tree … | head`: who reads has enough, which is no failure.
    if (isClosedPipe(error)) return exitCodes.ok;
    if (host.signal.aborted && !isIhandlerError(error)) return exitCodes.interrupted;
    tell(error, app, isVerbose);
    return exitCodeOf(error);
  }
}
