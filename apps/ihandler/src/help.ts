import { type Command, type CommandOption, harmless } from '@ihandler/core';
import { exitCodeMeanings } from './exit-code.ts';
import type { InstalledPackage } from './find-packages.ts';
import { offersOf } from './offers.ts';
import { commonOptions } from './parse-arguments.ts';

/** A command line as the user must type it here. */
function asTyped(command: string, program: string): string {
  return command.replace(/(^|\| )ihandler\b/g, (_all, before: string) => `${before}${program}`);
}

/** Packages begin their lines as they like; a list of them reads better when all begin alike. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(28, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > width
        ? `  ${left}\n  ${' '.repeat(width)}  ${right}`
        : `  ${left.padEnd(width)}  ${right}`,
    )
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

const exitCodeTable = table(exitCodeMeanings.map(([code, meaning]) => [String(code), meaning]));

/** The help of a command. */
export function commandHelp(command: Omit<Command, 'run' | 'accepts'>, program: string): string {
  const sections = [
    `${capital(command.summary)}.`,
    `Usage: ${program} ${command.name} ${command.usage}`,
    `Options\n${table(optionRows({ ...command.options, ...commonOptions }))}`,
    ...(command.examples.length > 0 ? [`Examples\n${exampleLines(command.examples, program)}`] : []),
  ];
  return `${harmlessLines(sections.join('\n\n'))}\n`;
}

/** The help of the program. Commands of packages are told from their manifests, without running them. */
export function programHelp(
  version: string,
  builtIns: readonly Omit<Command, 'run' | 'accepts'>[],
  packages: readonly InstalledPackage[],
  program: string,
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
    `Usage: ${program} COMMAND [OPTIONS]`,
    `Commands\n${table(commands)}`,
    `Options\n${table([...optionRows(commonOptions), ['--version', 'Show the version of this program']])}`,
    `Examples\n${exampleLines(examples, program)}`,
    `Exit codes\n${exitCodeTable}`,
  ];
  return `${harmlessLines(sections.join('\n\n'))}\n`;
}

/** Manifests are other people's text. */
function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}
