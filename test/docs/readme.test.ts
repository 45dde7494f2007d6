import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestSchema } from '@ihandler/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  changesMachine,
  commandsOf,
  type Ending,
  notRun,
  scriptsCalled,
} from '../support/documents/commands.ts';
import { type CompiledProgram, compilePrograms } from '../support/documents/compile.ts';
import { type Block, manuals } from '../support/documents/document.ts';
import { installedBy, isAvailable } from '../support/documents/install.ts';
import { createProject, nameOf, type Project } from '../support/documents/project.ts';
import { writeRecording } from '../support/documents/recordings.ts';
import { published, readPackageJson, root } from '../support/workspace.ts';

let folder: string;
let recording: string;
let dionaea: string;
let compiled: readonly CompiledProgram[];

const allBlocks = manuals.flatMap(({ blocks }) => blocks);
const allCommands = allBlocks
  .filter(({ language }) => language === 'sh' || language === 'console')
  .flatMap(({ language, code }) => commandsOf(language, code).map(({ command }) => command));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'readme-'));
  recording = join(folder, 'recording.ndjson');
  dionaea = join(folder, 'dionaea');
  mkdirSync(join(dionaea, 'var', 'lib', 'dionaea', 'binaries'), { recursive: true });
  writeRecording(recording);
  const typed = mkdtempSync(join(folder, 'typed-'));
  const programs = allBlocks.filter(({ language }) => language === 'ts' || language === 'js');
  const installed = allCommands.flatMap((command) => installedBy(command) ?? []);
  // An unknown name fails in the block that installs it, not here for all blocks.
  compiled = compilePrograms(typed, programs, installed.filter(isAvailable));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectSuccess({ code, stdout, stderr }: Ending, what: string): void {
  expect(code, `${what}\n${stdout}${stderr}`).toBe(0);
}

/** Runs one block in a project. Resolves with its output. */
type Runner = (block: Block, project: Project) => Promise<string>;

const runProgram: Runner = async (block, project) => {
  const { errors, javascript } = compiled.find((program) => program.block === block) ?? {};
  expect(errors).toEqual([]);
  const code = block.language === 'js' ? block.code : (javascript ?? '');
  const ending = await project.program(code, nameOf(block.code));
  expectSuccess(ending, 'the program');
  return ending.stdout;
};

const runCommands: Runner = async ({ language, code }, project) => {
  const { scripts = {} } = readPackageJson(root);
  const commands = commandsOf(language, code);
  expect(commands, 'commands').not.toEqual([]);
  let printed = '';
  for (const { command, output } of commands) {
    for (const script of scriptsCalled(command)) expect(scripts, command).toHaveProperty([script]);
    if (notRun.has(command) || changesMachine(command)) continue;
    const ending = await project.command(command);
    expectSuccess(ending, command);
    expect(ending.stdout).toContain(output);
    printed += ending.stdout;
  }
  return printed;
};

const senders = published.flatMap(({ json }) =>
  Object.entries(json.ihandler === undefined ? {} : manifestSchema.parse(json.ihandler).handlers)
    .filter(([, { network }]) => network)
    .map(([name]) => name),
);

function handlerNames(value: unknown): readonly unknown[] {
  const entries: unknown = typeof value === 'object' && value !== null && Reflect.get(value, 'ihandlers');
  const names = (entry: unknown) =>
    typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'name') : entry;
  return Array.isArray(entries) ? entries.map(names) : [];
}

const hasHandlers = (value: unknown): boolean => handlerNames(value).length > 0;
const sendsAway = (value: unknown): boolean =>
  handlerNames(value).some((name) => typeof name === 'string' && senders.includes(name));

/** A list is a configuration of dionaea, a mapping is a configuration of ihandler. */
const loadYaml: Runner = async ({ code }, project) => {
  const name = nameOf(code) ?? 'example.yaml';
  const value: unknown = parse(code);
  expect(value).toBeTypeOf('object');
  if (Array.isArray(value)) return '';
  // Configurations that need a server or a sensor are checked here and run by readme-servers.test.ts. All others run on a recording.
  const isLive = !hasHandlers(value) || sendsAway(value);
  // A new installation of dionaea: its folders exist.
  project.write(name, isLive ? code.replaceAll('/opt/dionaea', dionaea) : code);
  const words = isLive ? ['check', '-c', name] : ['import', '-c', name, recording];
  const ending = await project.ihandler(...words);
  expectSuccess(ending, words.join(' '));
  return ending.stdout;
};

const runners: Readonly<Record<string, Runner>> = {
  ts: runProgram,
  js: runProgram,
  sh: runCommands,
  console: runCommands,
  yaml: loadYaml,
  json: async ({ code }) => JSON.stringify(JSON.parse(code)),
};

for (const { path, blocks } of manuals.filter((manual) => manual.blocks.length > 0))
  describe(path, () => {
    let project: Project;
    /** The output of the last block that ran: the text blocks after it show it. */
    let printed: string | undefined;

    beforeAll(() => {
      project = createProject(folder);
      // A configuration may name a program that the document shows later.
      for (const { language, code } of blocks) {
        const name = /^(?:js|json|yaml)$/.test(language) ? nameOf(code) : undefined;
        if (name !== undefined) project.write(name, code);
      }
    });

    for (const block of blocks)
      it(`${block.heading}, line ${block.line}: ${block.language}`, { timeout: 120_000 }, async () => {
        if (block.language === 'text') {
          expect(printed ?? 'The block before it did not run.').toContain(block.code);
          return;
        }
        const runner = runners[block.language];
        const known = Object.keys(runners).join(', ');
        if (runner === undefined)
          throw new Error(`Cannot run a block of "${block.language}": expected ${known} or text.`);
        printed = undefined;
        printed = await runner(block, project);
      });
  });

it('the list of commands that are not run names only commands of the manuals', () => {
  expect([...notRun.keys()].filter((command) => !allCommands.includes(command))).toEqual([]);
});
