import { type Command, type CommandOption, escapeControls } from '@ihandler/core';
import { exitCodeMeanings } from '../exit-code.ts';
import { offersOf } from '../host/discovery/contributions.ts';
import type { InstalledPackage } from '../host/discovery/find-packages.ts';
import { commonOptions } from './parse-arguments.ts';
import { fold } from './wrap-text.ts';

/** A command line as the user must type it here. */
function asTyped(command: string, program: string): string {
  return command.replace(/(^|\| )ihandler\b/g, (_all, before: string) => `${before}${program}`);
}

/** For whom help is written. */
export interface Reader {
  /** How the program is called here. */
  readonly program: string;
  /** The width of the terminal; undefined when it is none. */
  readonly columns: number | undefined;
}

/** Packages begin their lines as they like; a list of them reads better when all begin alike. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function table(rows: readonly (readonly [string, string])[], { columns }: Reader): string {
  const width = Math.min(28, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) => {
      const isLong = left.length > width;
      const line = fold(`  ${(isLong ? '' : left).padEnd(width)}  ${right}`, width + 4, columns);
      return isLong ? `  ${left}\n${line}` : line;
    })
    .join('\n');
}

function optionRows(options: Readonly<Record<string, CommandOption>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { short, value, type, help }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`,
    capital(help),
  ]);
}

function exampleLines(examples: Command['examples'], program: string): string {
  return examples.map(([command, what]) => `  # ${what}\n  ${asTyped(command, program)}`).join('\n');
}

const exitCodeRows = exitCodeMeanings.map(([code, meaning]) => [String(code), meaning] as const);

/** The help of a command. */
export function commandHelp(command: Omit<Command, 'run' | 'accepts'>, reader: Reader): string {
  const sections = [
    `${capital(command.summary)}.`,
    `Usage: ${reader.program} ${command.name} ${command.usage}`,
    `Options\n${table(optionRows({ ...command.options, ...commonOptions }), reader)}`,
    ...(command.examples.length > 0 ? [`Examples\n${exampleLines(command.examples, reader.program)}`] : []),
  ];
  return `${harmlessLines(sections.join('\n\n'))}\n`;
}

/** The help of the program. Commands of packages are told from their manifests, without running them. */
export function programHelp(
  version: string,
  builtIns: readonly Omit<Command, 'run' | 'accepts'>[],
  packages: readonly InstalledPackage[],
  reader: Reader,
): string {
  const contributed = new Map<string, string>();
  for (const { name, spec, package: from } of offersOf(packages, 'commands'))
    if (!contributed.has(name)) contributed.set(name, `${capital(spec.summary)} (${from.name})`);
  const commands = [
    ...builtIns.map(({ name, summary }) => [name, summary] as const),
    ...[...contributed].filter(([name]) => !builtIns.some((builtIn) => builtIn.name === name)),
    ['help [COMMAND]', 'Show this help, or that of a command'] as const,
  ];
  const examples = builtIns.flatMap((command) => command.examples.slice(0, 1));
  const sections = [
    `ihandler ${version}: what happens after a honeypot has seen something`,
    `Usage: ${reader.program} COMMAND [OPTIONS]`,
    `Commands\n${table(commands, reader)}`,
    `Options\n${table([...optionRows(commonOptions), ['--version', 'Show the version of this program']], reader)}`,
    `Examples\n${exampleLines(examples, reader.program)}`,
    `Exit codes\n${table(exitCodeRows, reader)}`,
  ];
  return `${harmlessLines(sections.join('\n\n'))}\n`;
}

/** Manifests are other people's text. */
function harmlessLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}
