import { type CommandArguments, escapeJson, IhandlerError } from '@ihandler/core';
import { contributionsOf, describeHandler, exampleEntry, type Host, parseEntry } from '@ihandler/host';
import { type App, type BuiltIn, configOption, text, texts } from '../app.ts';
import { hostFor } from '../configured-host.ts';
import { formatProgress, showsUnicode } from '../terminal/progress-line.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { cutTo } from '../terminal/terminal.ts';
import { formatImport, importAsJson, importExitCode } from './import/report.ts';

/** The form of the option `--with`. */
export const WITH_FORM = 'NAME[:OPTION=VALUE,…]';

/** The error when no handler is given: it shows a command for each installed one, those that keep everything local first. */
function noHandler({ configuration }: Host, files: readonly string[], { program }: App): IhandlerError {
  const handlers = contributionsOf(configuration.installed.packages, 'handlers');
  if (handlers.length === 0)
    return new IhandlerError(
      'OPTIONS_INVALID',
      'No handler is installed. To find one: npm search keywords:ihandler',
    );
  const sorted = handlers.toSorted((a, b) => Number(a.spec.network) - Number(b.spec.network));
  const commands = sorted.map(
    (handler) =>
      `  ${program} import ${files.map(shellWord).join(' ')} --with ${shellWord(exampleEntry(handler))}\n      ${handler.spec.summary}`,
  );
  return new IhandlerError(
    'OPTIONS_INVALID',
    `No handler given. Use -c FILE.yaml, or one of:\n${commands.join('\n')}`,
  );
}

/** Says which handlers run when neither a configuration nor `--with` names one. Throws when none does. */
function announceDefaults(host: Host, files: readonly string[], app: App): void {
  const handlers = contributionsOf(host.configuration.installed.packages, 'handlers');
  const running = handlers.filter((handler) => describeHandler(handler).runsByDefault);
  if (running.length === 0) throw noHandler(host, files, app);
  const others = handlers
    .filter((handler) => !running.includes(handler))
    .map((handler) => `${handler.name} (${describeHandler(handler).needs})`);
  const rest = others.length > 0 ? `; not running: ${others.join(', ')}` : '';
  app.note(`no configuration; running: ${running.map(({ name }) => name).join(', ')}${rest}`);
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

async function runImport(args: CommandArguments, app: App): Promise<number> {
  const { world, terminal } = app;
  const files = args.positionals;
  if (files.length === 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected at least one file to import, or - for standard input. See: ${app.program} import --help`,
    );
  const host = await hostFor(args, app);
  const { configuration } = host;
  const added = texts(args, 'with').map((value) => parseEntry(value, configuration.installed));
  for (const { config } of added) app.secrets.learn(config);
  const hasHandlers = configuration.isBroken || configuration.ihandlers.length + added.length > 0;
  if (!hasHandlers) announceDefaults(host, files, app);
  if (files.includes('-') && world.stdin.isTTY)
    app.note('reading from the terminal; Ctrl-D on an empty line ends the input');
  const unicode = showsUnicode(world.env);
  let lastProgress = '';
  try {
    const result = await host.import(files, {
      with: added,
      from: text(args, 'from'),
      rejects: text(args, 'rejects'),
      signal: world.signal,
      onProgress(progress) {
        lastProgress = formatProgress(progress, unicode);
        terminal.progress(lastProgress);
      },
    });
    terminal.progress(undefined);
    // The bar stays above the result: it shows the rate, even of an import that was too fast to watch.
    if (world.stderr.isTTY && !result.isInterrupted && result.failure === undefined)
      terminal.warn(cutTo(lastProgress, world.stderr.columns));
    const again = [app.program, ...app.argv.map(shellWord)].join(' ');
    await terminal.write(
      args.options['json'] === true
        ? `${escapeJson(JSON.stringify(importAsJson(result)))}\n`
        : formatImport(result, { again, command: sameWay(args, app) }, terminal),
    );
    return importExitCode(result);
  } finally {
    terminal.progress(undefined);
  }
}

/** `import FILE…|-`: reads recordings once through the handlers. */
export const importCommand: BuiltIn = {
  name: 'import',
  summary: 'Import recordings into the handlers; safe to repeat',
  usage: 'FILE…|- [-c FILE.yaml] [--with NAME[:OPTION=VALUE,…]]…',
  options: {
    config: configOption,
    with: { type: 'string', multiple: true, value: WITH_FORM, help: 'Add a handler, with options' },
    from: { type: 'string', value: 'SOURCE', help: 'Input format (default: detected)' },
    rejects: {
      type: 'string',
      value: 'FILE',
      help: 'Where to write invalid input (default: a new file in the data folder)',
    },
    json: { type: 'boolean', help: 'Print the result as one JSON object' },
  },
  examples: [
    ['ihandler import -c my.yaml recording.ndjson', 'one recording, as configured'],
    ['ihandler import recordings/*.gz --with ./notify.js', 'many recordings, into a local handler'],
    ['zcat old.gz | ihandler import -c my.yaml -', 'standard input'],
  ],
  run: runImport,
};
