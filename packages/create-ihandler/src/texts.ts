import type { Answers } from './answers.ts';
import { entryFiles, packageName, summaryOf } from './manifest.ts';
import type { PackageManager } from './package-manager.ts';

/** The option of the handler in commands. */
const url = 'url=http://127.0.0.1:8080/';

/** The command that shows what the new package does. */
export function tryCommand({ kind }: Answers, { exec }: PackageManager): string {
  return kind === 'source' ? 'node show.mjs example.log' : exec(`ihandler try .:${url}`);
}

/** The README of the new package. */
export function readme(answers: Answers, manager: PackageManager): string {
  const { kind, name } = answers;
  const own = packageName(answers);
  const sends =
    kind === 'source'
      ? 'It sends nothing off this machine.'
      : 'The handler sends the sensor, the address, the user name and the password of each login to `url`, and the hashes and the URL of each captured file.';
  const rows = [
    ...(kind === 'source' ? [] : ['| `url` | the webhook of the handler |']),
    ...(kind === 'handler'
      ? []
      : ['| `file` | the log, an option of the sources |', '| `sensor` | the name of the sensor |']),
  ];
  const entry =
    kind === 'source'
      ? `sources:\n  - name: ${name}-follow\n    config: { file: /var/log/${name}.log }`
      : `ihandlers:\n  - name: ${name}\n    config: { url: http://127.0.0.1:8080/ }`;
  return `# ${own}

${summaryOf(answers)}.

## Install

\`\`\`sh
npm install ihandler @ihandler/core ${own}
\`\`\`

## Example

\`\`\`yaml
# ihandler.yaml
${entry}
\`\`\`

\`\`\`sh
npx ihandler run -c ihandler.yaml
\`\`\`

## Options

| option | meaning |
| --- | --- |
${rows.join('\n')}

## Data it writes or sends, and where

${sends}

## Development

\`\`\`sh
${[manager.install, manager.run('build'), manager.run('test'), manager.run('check'), tryCommand(answers, manager)].join('\n')}
\`\`\`

\`changeset\` describes a change for users; \`${manager.run('version')}\` sets the version, and \`${manager.run('release')}\` publishes it.
`;
}

/** `tsconfig.json`: strict, and for JavaScript it checks the comments and writes types. */
export function tsconfig({ language }: Answers): object {
  const strict = {
    target: 'ES2023',
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
  };
  return language === 'ts'
    ? { compilerOptions: { ...strict, verbatimModuleSyntax: true, noEmit: true }, include: ['src'] }
    : {
        compilerOptions: {
          ...strict,
          allowJs: true,
          checkJs: true,
          declaration: true,
          emitDeclarationOnly: true,
          rootDir: 'src',
          outDir: 'types',
        },
        include: ['src'],
      };
}

/** `tsup.config.ts` for TypeScript. */
export function tsupConfig(answers: Answers): string {
  const files = entryFiles(answers).map((file) => `'src/${file}.ts'`);
  return `import { defineConfig } from 'tsup';

export default defineConfig({
  entry: [${files.join(', ')}],
  format: ['esm'],
  target: 'node20',
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  clean: true,
});
`;
}

/** Two lines that the source can read. */
export const exampleLog = [1, 2]
  .map((n) => {
    const login = { ip: '198.51.100.7', port: 40_000 + n, user: 'root', password: `example-${n}` };
    return `${JSON.stringify({ time: Date.UTC(2026, 0, 1) + n * 1000, ...login })}\n`;
  })
  .join('');

/** A program that shows the logins in a log, to try a source with: `ihandler import` finds installed packages only. */
export function showProgram({ language }: Answers): string {
  return `// Shows the logins in a log: node show.mjs example.log
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createDispatcher, createMemoryJournal, defineHandler } from '@ihandler/core';
import createSource from './${language === 'ts' ? 'dist' : 'src'}/source.js';

const show = defineHandler({
  name: 'show',
  on: {
    'role:login': ({ sensor, facts }) =>
      console.log(sensor, facts.username, facts.password, facts.connection.remote.host),
  },
});
const dataDir = mkdtempSync(join(tmpdir(), 'show-'));
const dispatcher = createDispatcher({
  journal: createMemoryJournal(),
  handlers: [{ handler: show }],
  sensor: 'my-sensor',
  dataDir,
  // What the incidents mean.
  origins: [JSON.parse(readFileSync('origins.json', 'utf8'))],
});
await dispatcher.start();
await dispatcher.run(createSource({ file: resolve(process.argv[2] ?? 'example.log') }));
await dispatcher.drain();
await dispatcher.close();
rmSync(dataDir, { recursive: true });
`;
}
