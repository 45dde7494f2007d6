import {
  type Command,
  type CommandArguments,
  type CommandOption,
  escapeControls,
  IhandlerError,
} from '@ihandler/core';
import { didYouMean } from '@ihandler/host';
import { Command as CommanderCommand, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exitCodeMeanings } from '../exit-code.ts';
import { commonOptions } from './common-options.ts';
import { wrapText } from './wrap-text.ts';

/** A command as the command line knows it: what is parsed, and what help says. */
export type CommandSpec = Omit<Command, 'accepts' | 'of' | 'run'> & {
  /** The package that contributes it. */
  readonly from?: string;
};

/** The program as the command line knows it. */
export interface ProgramSpec {
  /** How the user calls it. */
  readonly program: string;
  readonly version: string;
  readonly commands: readonly CommandSpec[];
  /** The width of the terminal; undefined when the output is not a terminal. */
  readonly columns: number | undefined;
}

/** What a command line asks for: text to print, or a command to run. */
export type Invocation =
  | { readonly text: string }
  | { readonly name: string; readonly args: CommandArguments };

/** A command line as the user types it here. */
function asTyped(command: string, program: string): string {
  return command.replace(/(^|\| )ihandler\b/g, (_all, before: string) => `${before}${program}`);
}

/** A text of a package as help shows it: capitalised, without control characters. */
function helpText(text: string): string {
  return escapeControls(text.charAt(0).toUpperCase() + text.slice(1));
}

/** An option of ours as one of commander. A value that looks like an option must be given as `--name=value`. */
function toOption(name: string, spec: CommandOption, argv: readonly string[]): Option {
  const { type, short, value = 'VALUE', help, multiple, default: preset } = spec;
  const names = `${short === undefined ? '' : `-${short}, `}--${name}`;
  const option = new Option(type === 'string' ? `${names} <value>` : names, helpText(help));
  if (type === 'boolean') return option;
  option.flags = escapeControls(`${names} ${value}`);
  option.argParser((text: string, previous: unknown) => {
    const isInline = argv.includes(`--${name}=${text}`) || argv.includes(`-${short}${text}`);
    if (!isInline && /^--?[A-Za-z]/.test(text))
      throw new InvalidArgumentError(`To pass it as a value: --${name}=${text}`);
    return multiple ? [...(Array.isArray(previous) ? previous : []), text] : text;
  });
  if (preset !== undefined) option.default(preset);
  return option;
}

/** The values of parsed options under the names that a command declares. */
function valuesOf(
  options: ReadonlyMap<string, Option>,
  parsed: Readonly<Record<string, unknown>>,
): CommandArguments['options'] {
  const values: Record<string, string | boolean | readonly string[]> = {};
  for (const [name, option] of options) {
    const value = parsed[option.attributeName()];
    if (option.negate) {
      if (value === false) values[name] = true;
    } else if (value !== undefined && value !== false)
      // Safe: options are declared above as strings, lists of strings or booleans.
      values[name] = value as string | boolean | readonly string[];
  }
  return values;
}

function addOptions(
  command: CommanderCommand,
  specs: Readonly<Record<string, CommandOption>>,
  argv: readonly string[],
): ReadonlyMap<string, Option> {
  const options = new Map(
    Object.entries(specs).map(([name, spec]) => [name, toOption(name, spec, argv)] as const),
  );
  for (const option of options.values()) command.addOption(option);
  return options;
}

function examplesText(examples: Command['examples'], program: string): string {
  const lines = examples.map(
    ([command, what]) => `  # ${escapeControls(what)}\n  ${escapeControls(asTyped(command, program))}`,
  );
  return lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n')}`;
}

function exitCodesText(columns: number): string {
  const rows = exitCodeMeanings.map(([code, meaning]) =>
    wrapText(`  ${String(code).padEnd(3)}  ${meaning}`, 7, columns),
  );
  return `\nExit codes:\n${rows.join('\n')}`;
}

function withoutCommon(options: CommandSpec['options']): Readonly<Record<string, CommandOption>> {
  return Object.fromEntries(Object.entries(commonOptions).filter(([name]) => !Object.hasOwn(options, name)));
}

/** The error of commander in the words of this program. */
/** The usage of a command, which follows `head` on its line, broken to fit. */
function usageText(head: string, usage: string, columns: number | undefined): string {
  return wrapText(`${head}${escapeControls(usage)}`, head.length, columns).slice(head.length);
}

function usageError(error: CommanderError, command: CommanderCommand, program: string): IhandlerError {
  const message = error.message.replace(/^error: /, '');
  const flag = /^unknown option '(--[^'=]+)/.exec(message)?.[1];
  const flags = command.options.flatMap(({ long }) => long ?? []);
  const hint = flag !== undefined && !message.includes('Did you mean') ? didYouMean(flag, flags) : '';
  const name = command.parent === null ? '' : `${command.name()} `;
  return new IhandlerError(
    'OPTIONS_INVALID',
    `${message.split('\n').map(escapeControls).join('\n')}${hint}\nSee: ${program} ${name}--help`,
  );
}

/**
 * Parses a command line: `--help`, `help COMMAND` and `--version` give text to print, everything else a command with its
 * arguments. Throws `OPTIONS_INVALID`, with the nearest name that exists, for an unknown command or option and for a value
 * that is missing or not expected.
 */
export function parseCommandLine(argv: readonly string[], spec: ProgramSpec): Invocation {
  const { program, version, commands, columns } = spec;
  const width = columns ?? 80;
  let output = '';
  let invocation: Invocation | undefined;
  let current: CommanderCommand;
  const root = new CommanderCommand(program)
    .description('Runs your installed ihandlers on the incidents a honeypot reports.')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => {
        output += text;
      },
      writeErr: () => undefined,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .version(version, '--version', 'Show the version')
    .helpOption('-h, --help', 'Show this help')
    .helpCommand('help [command]', 'Show help for a command');
  current = root;
  const rootOptions = addOptions(root, commonOptions, argv);
  for (const { name, summary, usage, options, examples, from } of commands) {
    const command = root
      .command(name)
      .summary(`${helpText(summary)}${from === undefined ? '' : ` (${from})`}`)
      .description(`${helpText(summary).replace(/\.$/, '')}.`)
      .usage(usageText(`Usage: ${root.name()} ${name} `, usage, width))
      .argument('[arguments...]')
      .configureHelp({ visibleArguments: () => [] });
    const own = addOptions(command, { ...options, ...withoutCommon(options) }, argv);
    command
      .addHelpText('after', examplesText(examples, program))
      .hook('preAction', () => {
        current = command;
      })
      .action((positionals: string[]) => {
        const values = { ...valuesOf(rootOptions, root.opts()), ...valuesOf(own, command.opts()) };
        invocation = { name, args: { options: values, positionals } };
      });
  }
  const examples = commands
    .filter(({ from }) => from === undefined)
    .flatMap((one) => one.examples.slice(0, 1));
  root.addHelpText('after', `${examplesText(examples, program)}\n${exitCodesText(width)}`);
  try {
    if (argv.length === 0) root.outputHelp();
    else root.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const named = commands.find(({ name }) => name === argv.find((word) => !word.startsWith('-')));
    current = root.commands.find((command) => command.name() === named?.name) ?? current;
    if (error.exitCode !== 0) throw usageError(error, current, program);
  }
  return invocation ?? { text: output };
}
