import type { Answers } from './answers.ts';

/** Versions by name, as this package was tested with them. */
export type Versions = Readonly<Record<string, string>>;

/** Tools of the new package that this package does not use itself. */
const tools: Versions = {
  '@arethetypeswrong/cli': '^0.18.5',
  '@changesets/cli': '^2.31.1',
  publint: '^0.3.25',
};

const handlerSummary = 'Posts each login and each captured file to a webhook';

const webhook = {
  type: 'object',
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://',
      description: 'The webhook that receives each login and each captured file.',
      examples: ['http://127.0.0.1:8080/'],
    },
  },
  required: ['url'],
  additionalProperties: false,
};

const logFile = {
  type: 'object',
  properties: {
    file: {
      type: 'string',
      format: 'path',
      access: 'read',
      description: 'The log of the sensor.',
      examples: ['sensor.log'],
    },
    sensor: {
      type: 'string',
      minLength: 1,
      description: 'The name of the sensor. Default: that of the host.',
    },
  },
  required: ['file'],
  additionalProperties: false,
};

/** The name on npm: the convention `ihandler-NAME` lets people find it. */
export function packageName({ name }: Answers): string {
  return name.startsWith('ihandler-') ? name : `ihandler-${name}`;
}

export function summaryOf({ kind, name }: Answers): string {
  if (kind === 'handler') return handlerSummary;
  return kind === 'source'
    ? `Reports the incidents in a log of ${name}`
    : `Reports the incidents in a log of ${name}, and posts logins and captured files to a webhook`;
}

/** The sources of the package by the export that each one is. */
function entries({ kind }: Answers): readonly (readonly [subpath: string, file: string])[] {
  const source = [
    ['./follow', 'follow'],
    ['./origins', 'origins'],
  ] as const;
  if (kind === 'handler') return [['.', 'handler']];
  return kind === 'source'
    ? [['.', 'source'], ...source]
    : [['.', 'handler'], ['./source', 'source'], ...source];
}

function contributions(answers: Answers) {
  const { kind, name } = answers;
  const handlers = {
    [name]: {
      summary: handlerSummary,
      network: true,
      sends:
        'the sensor, the address, the user name and the password of each login, and the hashes and the URL of each captured file, to the option url',
      options: webhook,
    },
  };
  const sources = {
    [name]: {
      export: kind === 'source' ? '.' : './source',
      summary: `Reads a log of ${name}`,
      reads: ['file', 'stdin'],
      options: logFile,
    },
    [`${name}-follow`]: {
      export: './follow',
      summary: `Follows the log of ${name}, across rotations`,
      live: true,
      options: logFile,
    },
  };
  return {
    contract: 1,
    ...(kind !== 'source' && { handlers }),
    ...(kind !== 'handler' && { origins: './origins.json', sources }),
  };
}

function scriptsOf(answers: Answers): Versions {
  const { kind, language } = answers;
  const build = language === 'ts' ? 'tsup' : 'tsc';
  const declared = language === 'ts' ? 'dist/origins.js' : 'src/origins.js';
  return {
    build: kind === 'handler' ? build : `${build} && ihandler origins ${declared}`,
    typecheck: 'tsc --noEmit',
    test: language === 'ts' ? 'vitest run' : 'node --test',
    check: 'publint --strict && attw --pack . --profile esm-only',
    prepack: language === 'ts' ? 'tsup' : 'tsc',
    version: 'changeset version',
    release: 'changeset publish',
  };
}

/** The package.json of the new package. `known` are the versions of our packages and of common tools. */
export function packageJson(answers: Answers, known: Versions): object {
  const { kind, language } = answers;
  const all: Versions = { ...tools, ...known };
  const pick = (...names: readonly string[]) =>
    Object.fromEntries(names.toSorted().map((name) => [name, all[name] ?? '*']));
  const hasSource = kind !== 'handler';
  const exported = entries(answers).map(([subpath, file]) => [
    subpath,
    language === 'ts'
      ? { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }
      : { types: `./types/${file}.d.ts`, default: `./src/${file}.js` },
  ]);
  return {
    name: packageName(answers),
    version: '0.0.0',
    description: summaryOf(answers),
    keywords: ['ihandler', 'honeypot'],
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    ihandler: contributions(answers),
    exports: {
      ...Object.fromEntries(exported),
      ...(hasSource && { './origins.json': './origins.json' }),
      './package.json': './package.json',
    },
    files: [
      ...(language === 'ts' ? ['dist'] : ['src', '!src/*.test.js', 'types']),
      ...(hasSource ? ['origins.json'] : []),
    ],
    engines: { node: '>=20.19' },
    scripts: scriptsOf(answers),
    ...(hasSource && { dependencies: pick('@ihandler/source-kit', 'zod') }),
    peerDependencies: pick('@ihandler/core'),
    devDependencies: pick(
      ...['@arethetypeswrong/cli', '@changesets/cli', '@ihandler/core', '@ihandler/testkit', '@types/node'],
      ...['ihandler', 'publint', 'typescript'],
      // It says what the incidents of the recorded attack mean, on which `ihandler try` runs.
      ...(kind === 'source' ? [] : ['@ihandler/dionaea']),
      ...(language === 'ts' ? ['tsup', 'vitest'] : []),
    ),
    publishConfig: { access: 'public' },
  };
}

/** The entry points to build, in the folder `src`. */
export function entryFiles(answers: Answers): readonly string[] {
  return entries(answers).map(([, file]) => file);
}
