import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CommandArguments, type HandlerEntry, IhandlerError } from '@ihandler/core';
import { type App, type BuiltIn, text, texts } from '../app.ts';
import { defaultDataFolder, makeDataFolder, sensorName } from '../host/assembly/data-folder.ts';
import { setUpHandlers, type Wanted } from '../host/assembly/load-handlers.ts';
import { chooseSources, unknownSources } from '../host/assembly/recognise-file.ts';
import { type Configuration, noConfiguration } from '../host/configuration/configuration.ts';
import { offersOf } from '../host/discovery/contributions.ts';
import { defaultHandlers, whatItNeeds } from '../host/discovery/default-handlers.ts';
import { findPackages, type Installed } from '../host/discovery/find-packages.ts';
import { runImport } from '../host/running/run-import.ts';
import { formatProgress, showsUnicode } from '../terminal/progress-line.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { cutTo } from '../terminal/terminal.ts';
import { configurationFor, wantedBy } from './configured.ts';
import { formatImport, importAsJson, importExitCode } from './import-report.ts';
import { exampleWith, parseWith, WITH_FORM } from './with-option.ts';

/** What the arguments and the configuration come to. */
interface Plan {
  readonly files: readonly string[];
  readonly configuration: Configuration;
  readonly installed: Installed;
  readonly with: readonly string[];
}

function planOf(args: CommandArguments, app: App): Plan {
  const { host, program } = app;
  const files = args.positionals;
  if (files.length === 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected at least one file to import, or - for standard input. See: ${program} import --help`,
    );
  const configuration = configurationFor(args, app);
  const folder = configuration.file === undefined ? [] : [dirname(configuration.file)];
  const installed = findPackages([...folder, host.cwd, host.prefix]);
  return { files, configuration, installed, with: texts(args, 'with') };
}

/** Says which command would do something, with the handlers that are installed. */
function nothingToRun({ installed, files }: Plan, program: string): IhandlerError {
  const offers = offersOf(installed.packages, 'handlers');
  if (offers.length === 0)
    return new IhandlerError(
      'OPTIONS_INVALID',
      'No ihandler is installed, so nothing would take the incidents. `npm search keywords:ihandler` finds some.',
    );
  const commands = offers.map(
    (offer) =>
      `  ${program} import ${files.map(shellWord).join(' ')} --with ${exampleWith(offer)}\n      ${offer.spec.summary}`,
  );
  return new IhandlerError(
    'OPTIONS_INVALID',
    `Nothing would take the incidents: say what should. One of these does it, as does a configuration (-c FILE.yaml):\n${commands.join('\n')}`,
  );
}

function unnamed(plan: Plan, app: App): readonly Wanted[] {
  const offers = defaultHandlers(plan.installed.packages);
  if (offers.length === 0) throw nothingToRun(plan, app.program);
  const others = offersOf(plan.installed.packages, 'handlers').filter((offer) => !offers.includes(offer));
  const waiting = others.map((offer) => `${offer.name} (${whatItNeeds(offer)})`);
  const rest = waiting.length > 0 ? `; not: ${waiting.join(', ')}` : '';
  app.note(`no configuration: these run: ${offers.map(({ name }) => name).join(', ')}${rest}`);
  return offers.map(({ name, package: { name: packageName } }) => ({ entry: { name }, path: [packageName] }));
}

async function handlersFor(plan: Plan, app: App): Promise<readonly HandlerEntry[]> {
  const { configuration, installed } = plan;
  const { cwd, conditions = [] } = app.host;
  for (const { problem } of installed.unusable) app.log().warn(problem);
  const here = { installed, folder: cwd, conditions };
  const there = { ...here, folder: configuration.file === undefined ? cwd : dirname(configuration.file) };
  const configured = wantedBy(configuration, installed, app);
  const asked = plan.with.map((value) => parseWith(value, installed.packages));
  for (const { entry } of asked) app.secrets.learn(entry.config);
  const problems = unknownSources(configuration, installed);
  const own = await setUpHandlers(configured, there, configuration, problems);
  if (configured.length + asked.length > 0)
    return [...own, ...(await setUpHandlers(asked, here, noConfiguration))];
  return setUpHandlers(unnamed(plan, app), here, noConfiguration);
}

function keepingFile(folder: string, kind: string, now: Date): string {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  for (let n = 1; ; n += 1) {
    const file = join(folder, `${kind}-${time}${n === 1 ? '' : `-${n}`}.ndjson`);
    if (!existsSync(file)) return file;
  }
}

function rejectsFile(args: CommandArguments, dataDir: string, { host }: App): string {
  const named = text(args, 'rejects');
  if (named === undefined) return keepingFile(dataDir, 'rejects', new Date());
  const file = resolve(host.cwd, named);
  if (existsSync(file))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `--rejects: ${named} exists already: name a new file, or remove it.`,
    );
  return file;
}

/** The command that imports another file in the same way. */
function sameWay(args: CommandArguments, { program }: App): (file: string) => string {
  const config = text(args, 'config');
  const options = [
    ...(config === undefined ? [] : ['-c', config]),
    ...texts(args, 'with').flatMap((value) => ['--with', value]),
  ];
  return (file) => [program, 'import', ...[...options, file].map(shellWord)].join(' ');
}

async function runImportCommand(args: CommandArguments, app: App): Promise<number> {
  const { host, terminal } = app;
  const plan = planOf(args, app);
  const { configuration, installed } = plan;
  const handlers = await handlersFor(plan, app);
  const dataDir = configuration.data ?? defaultDataFolder(host.env);
  makeDataFolder(dataDir);
  const sensor = sensorName(dataDir, configuration.sensor, host.env);
  const inputs = await chooseSources(plan.files, {
    installed,
    conditions: host.conditions ?? [],
    configuration,
    cwd: host.cwd,
    from: text(args, 'from'),
    sensor,
  });
  if (plan.files.includes('-') && host.stdin.isTTY)
    app.note('reading what you type; Ctrl-D on a line of its own ends it');
  const unicode = showsUnicode(host.env);
  let lastProgress = '';
  try {
    const result = await runImport({
      inputs,
      handlers,
      sensor,
      dataDir,
      rejects: rejectsFile(args, dataDir, app),
      deadLetters: keepingFile(dataDir, 'dead-letters', new Date()),
      signal: host.signal,
      onReopen: host.onReopen,
      log: app.log,
      hide: app.secrets.hide,
      patience: { start: host.patience?.start ?? 30_000, stall: host.patience?.stall ?? 60_000 },
      onProgress(progress) {
        lastProgress = formatProgress(progress, unicode);
        terminal.progress(lastProgress);
      },
    });
    terminal.progress(undefined);
    // The bar stays above the result: it says how fast it was, also when it was too fast to be seen.
    if (host.stderr.isTTY && !result.isInterrupted && result.failure === undefined)
      terminal.warn(cutTo(lastProgress, host.stderr.columns));
    const again = [app.program, ...app.argv.map(shellWord)].join(' ');
    await terminal.write(
      args.options['json'] === true
        ? `${JSON.stringify(importAsJson(result))}\n`
        : formatImport(result, { again, command: sameWay(args, app) }, terminal),
    );
    return importExitCode(result);
  } finally {
    terminal.progress(undefined);
  }
}

/** `import FILE…|-`: recordings go once through the handlers. */
export const importCommand: BuiltIn = {
  name: 'import',
  summary: 'Read recordings into the ihandlers; again only adds what is new',
  usage: 'FILE…|- [-c FILE.yaml] [--with NAME[:OPTION=VALUE,…]]…',
  options: {
    config: {
      type: 'string',
      short: 'c',
      value: 'FILE.yaml',
      help: 'What runs: see the README for its settings',
    },
    with: {
      type: 'string',
      multiple: true,
      value: WITH_FORM,
      help: 'Run this ihandler too, with these options',
    },
    from: { type: 'string', value: 'SOURCE', help: 'What the files are, when that is not plain to see' },
    rejects: {
      type: 'string',
      value: 'FILE',
      help: 'Where to keep input that is no incident (default: a new file in the data folder)',
    },
    json: { type: 'boolean', help: 'Print the result as one JSON object' },
  },
  examples: [
    ['ihandler import -c my.yaml recording.ndjson', 'a recording, as a configuration says'],
    ['ihandler import recordings/*.gz --with ./notify.js', 'many, into a handler of your own'],
    ['zcat old.gz | ihandler import -c my.yaml -', 'standard input'],
  ],
  run: runImportCommand,
};
