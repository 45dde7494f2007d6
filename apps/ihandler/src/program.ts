import { readFileSync } from 'node:fs';
import { type Command, describeError, escapeControls, isIhandlerError } from '@ihandler/core';
import { createHostLog, createSecrets, findInstalled } from '@ihandler/host';
import type { App, BuiltIn } from './app.ts';
import { checkCommand } from './commands/check.ts';
import {
  contributedCommands,
  loadContributed,
  namedConfiguration,
  optionsOfCommand,
  runContributed,
} from './commands/contributed.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { doctorCommand } from './commands/doctor.ts';
import { forgetCommand } from './commands/forget.ts';
import { importCommand } from './commands/import.ts';
import { initCommand } from './commands/init.ts';
import { journalCommand } from './commands/journal.ts';
import { listCommand } from './commands/list.ts';
import { replayCommand } from './commands/replay.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';
import { tryCommand } from './commands/try.ts';
import { chooseLogFor } from './configured-host.ts';
import { exitCodeOf, exitCodes } from './exit-code.ts';
import { type ProgramWorld, programName } from './program-world.ts';
import { type CommandSpec, parseCommandLine } from './terminal/command-line.ts';
import { createTerminal, hidingSecrets, isClosedPipe, wantsColor } from './terminal/terminal.ts';

function builtIns(world: ProgramWorld): readonly BuiltIn[] {
  return [
    importCommand,
    runCommand,
    statusCommand,
    listCommand,
    checkCommand,
    initCommand(world),
    tryCommand,
    doctorCommand,
    deadLettersCommand,
    replayCommand,
    resumeCommand,
    forgetCommand,
    journalCommand,
  ];
}

function version(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : 'unknown';
}

function colorFlag(argv: readonly string[]): boolean | undefined {
  if (argv.includes('--no-color')) return false;
  return argv.includes('--color') ? true : undefined;
}

/** The command that a command line names, before it can be parsed: the options of a package's command are not known. */
function commandIn(argv: readonly string[]) {
  const at = argv.findIndex((argument) => !argument.startsWith('-'));
  const rest = argv.slice(at + 1);
  if (at === -1) return { name: undefined, rest: [], isHelp: true };
  if (argv[at] === 'help') return { name: rest[0], rest: rest.slice(1), isHelp: true };
  const end = rest.indexOf('--');
  const isHelp = rest
    .slice(0, end === -1 ? undefined : end)
    .some((word) => word === '--help' || word === '-h');
  return { name: argv[at], rest, isHelp };
}

/** All commands by name; of a package's commands only the one that the command line names is loaded. */
async function commandsFor(argv: readonly string[], app: App) {
  const own = builtIns(app.world);
  const { name, rest, isHelp } = commandIn(argv);
  const contributions = contributedCommands(rest, app);
  const named = own.some((builtIn) => builtIn.name === name)
    ? []
    : contributions.filter((contribution) => contribution.name === name);
  const loaded = named.length === 0 ? undefined : await loadContributed(named, rest, isHelp, app);
  const specs = new Map<string, CommandSpec>(own.map((builtIn) => [builtIn.name, builtIn]));
  for (const { name: key, spec } of contributions)
    if (!specs.has(key))
      specs.set(key, {
        name: key,
        summary: spec.summary,
        usage: '',
        options: {},
        examples: [],
        ...(key === name && loaded && { ...loaded, name: key, options: optionsOfCommand(loaded) }),
        from: contributions
          .filter((one) => one.name === key)
          .map((one) => one.package.name)
          .join(', '),
      });
  const isUnknown = name !== undefined && !specs.has(name);
  if (isUnknown)
    for (const { problem } of findInstalled(app.world, namedConfiguration(rest)).unusable) app.note(problem);
  return { own, loaded, specs: [...specs.values()], isUnknown, name };
}

async function runArguments(argv: readonly string[], app: App): Promise<number> {
  const { own, loaded, specs, isUnknown, name } = await commandsFor(argv, app);
  const { program, terminal } = app;
  const spec = {
    program,
    version: argv.includes('--version') ? version() : '',
    commands: specs,
    columns: terminal.columns,
  };
  // `help NAME` must fail like NAME itself for an unknown command.
  const invocation = parseCommandLine(isUnknown && name !== undefined ? [name] : argv, spec);
  if ('text' in invocation) {
    await terminal.write(invocation.text);
    return argv.length === 0 ? exitCodes.usage : exitCodes.ok;
  }
  const { args } = invocation;
  chooseLogFor(args, undefined, app);
  const builtIn = own.find((one) => one.name === invocation.name);
  if (builtIn !== undefined) return builtIn.run(args, app);
  // Safe: a command that is not built in was parsed because it was loaded.
  return runContributed(loaded as Command, args, app);
}

function reportError(error: unknown, app: App, isVerbose: boolean): void {
  const text =
    isVerbose && error instanceof Error
      ? (error.stack ?? error.message)
      : isIhandlerError(error)
        ? error.message
        : describeError(error);
  for (const [index, line] of text.split('\n').entries())
    app.terminal.warn(index === 0 ? `ihandler: ${escapeControls(line)}` : escapeControls(line));
}

/** Runs the program with these arguments; resolves with its exit code. Throws nothing. */
export async function run(argv: readonly string[], world: ProgramWorld): Promise<number> {
  const secrets = createSecrets();
  const color = wantsColor(world.env, world.stdout, colorFlag(argv));
  const terminal = hidingSecrets(createTerminal(world, color), secrets);
  const hostLog = createHostLog(terminal, secrets);
  const app: App = {
    world,
    terminal,
    argv,
    log: hostLog.log,
    hostLog,
    secrets,
    note: (text) => terminal.warn(escapeControls(text)),
    program: programName(world.env),
  };
  try {
    return await runArguments(argv, app);
  } catch (error) {
    terminal.progress(undefined);
    // `ihandler tree … | head`: the reader has closed the pipe, which is not a failure.
    if (isClosedPipe(error)) return exitCodes.ok;
    if (world.signal.aborted && !isIhandlerError(error)) return exitCodes.interrupted;
    reportError(error, app, argv.includes('--debug'));
    return exitCodeOf(error);
  }
}
