import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answers } from './answers.ts';
import { packageJson, packageName, type Versions } from './manifest.ts';
import type { PackageManager } from './package-manager.ts';
import { exampleLog, readme, showProgram, tsconfig, tsupConfig } from './texts.ts';

/** The folder of this package. */
const home = join(import.meta.dirname, '..');

/** The templates of the sources, by what the package contains. */
const handlerFiles = ['handler', 'handler-test'];
const sourceFiles = ['format', 'source', 'follow', 'origins', 'source-test'];

function readHome(file: string): string {
  return readFileSync(join(home, file), 'utf8');
}

/** The versions with which this package was tested: those of its own development dependencies. */
function testedVersions(): Versions {
  // Safe: our own package.json.
  const { devDependencies } = JSON.parse(readHome('package.json')) as { devDependencies: Versions };
  const entries = Object.entries(devDependencies).map(([name, version]): [string, string] => [
    name,
    /^(?:workspace|catalog):/.test(version) ? '*' : version.replace(/^(?=\d)/, '^'),
  ]);
  return Object.fromEntries(entries);
}

/** `my-handler` as a name in code: `myHandler`. */
function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function fillIn(template: string, { name }: Answers): string {
  return template.replaceAll('example-name', name).replaceAll('exampleName', camelCase(name));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The CI workflow, with the commands of the package manager. */
function workflow({ setUp, install, run }: PackageManager): string {
  const before = setUp === undefined ? '' : `${setUp}\n      - run: `;
  return readHome('templates/ci.yml')
    .replace('npm install', `${before}${install}`)
    .replace('npm test', run('test'))
    .replaceAll(/npm run (\w+)/g, (_, script: string) => run(script));
}

/** Every file of the new package: its content by its path. */
export function filesOf(answers: Answers, manager: PackageManager): ReadonlyMap<string, string> {
  const { kind, language } = answers;
  const built = language === 'ts' ? 'dist/' : 'types/';
  const templates = [...(kind === 'source' ? [] : handlerFiles), ...(kind === 'handler' ? [] : sourceFiles)];
  const changeset = `---\n'${packageName(answers)}': minor\n---\n\nThe first version.\n`;
  return new Map([
    ['package.json', json(packageJson(answers, testedVersions()))],
    ['README.md', readme(answers, manager)],
    [
      'LICENSE',
      readHome('LICENSE').replace(/^(Copyright \(c\)) .*$/m, `$1 the authors of ${packageName(answers)}`),
    ],
    ['.gitignore', `node_modules/\n${built}\n*.tgz\n`],
    [
      '.changeset/config.json',
      json({ changelog: '@changesets/cli/changelog', access: 'public', baseBranch: 'main' }),
    ],
    ['.changeset/first.md', changeset],
    ['.github/workflows/ci.yml', workflow(manager)],
    ['tsconfig.json', json(tsconfig(answers))],
    ...(manager.needsNodeLinker ? ([['.yarnrc.yml', 'nodeLinker: node-modules\n']] as const) : []),
    ...(language === 'ts' ? ([['tsup.config.ts', tsupConfig(answers)]] as const) : []),
    ...(kind === 'handler' ? [] : ([['example.log', exampleLog]] as const)),
    ...(kind === 'source' ? ([['show.mjs', showProgram(answers)]] as const) : []),
    ...templates.map((name): [string, string] => [
      `src/${name.replace('-test', '.test')}.${language}`,
      fillIn(readHome(`templates/${name}.${language}`), answers),
    ]),
  ]);
}
