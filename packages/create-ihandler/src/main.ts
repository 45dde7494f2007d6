#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { UsageError } from './answers.ts';
import { parseArguments, usage } from './arguments.ts';
import { type Ask, complete } from './complete.ts';
import { create } from './create.ts';
import { packageManager } from './package-manager.ts';
import { tryCommand } from './texts.ts';

async function main(argv: readonly string[]): Promise<void> {
  const given = parseArguments(argv);
  if (given === undefined) {
    process.stdout.write(usage);
    return;
  }
  const { stdin, stdout } = process;
  const lines = stdin.isTTY && stdout.isTTY ? createInterface({ input: stdin, output: stdout }) : undefined;
  const ask: Ask =
    lines &&
    (async (question, fallback) => (await lines.question(`${question} [${fallback}]: `)) || fallback);
  try {
    const answers = await complete(given, ask);
    const manager = packageManager(process.env['npm_config_user_agent']);
    const folder = create(answers, process.cwd(), manager);
    const next = [
      `cd ${JSON.stringify(answers.folder)}`,
      manager.install,
      manager.run('build'),
      manager.run('test'),
      tryCommand(answers, manager),
    ];
    stdout.write(`Created ${folder}\n\nNext:\n${next.map((line) => `  ${line}\n`).join('')}`);
  } finally {
    lines?.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
