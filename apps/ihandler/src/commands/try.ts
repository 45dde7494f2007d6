import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type CommandArguments,
  createDispatcher,
  createMemoryJournal,
  escapeControls,
  type HandlerEntry,
  IhandlerError,
  type LaneStatus,
  type Source,
} from '@ihandler/core';
import { type App, type BuiltIn, text } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { isLocal, setUpHandlers } from '../host/assembly/load-handlers.ts';
import { chooseSources } from '../host/assembly/recognise-file.ts';
import { noConfiguration } from '../host/configuration/configuration.ts';
import { findPackages, type Installed } from '../host/discovery/find-packages.ts';
import { createHostLog } from '../host/running/host-log.ts';
import { shippedAttack } from '../shipped-attack.ts';
import { cutTo } from '../terminal/terminal.ts';
import { chooseLogFor } from './configured.ts';
import { laneLine } from './import-report.ts';
import { watchHandler } from './traced-handler.ts';
import { parseWith, WITH_FORM } from './with-option.ts';

/** The sensor of what is tried, when the environment names none. */
const SENSOR = 'trial';

async function handlerFor(named: string, installed: Installed, app: App): Promise<HandlerEntry> {
  const { cwd, conditions = [] } = app.host;
  const wanted = parseWith(named, installed.packages);
  const { name } = wanted.entry;
  const entry =
    !isLocal(name) && existsSync(resolve(cwd, name)) ? { ...wanted.entry, name: `./${name}` } : wanted.entry;
  app.secrets.learn(entry.config);
  const workshop = { installed, folder: cwd, conditions };
  const [made] = await setUpHandlers([{ entry, path: [named] }], workshop, noConfiguration);
  if (made === undefined) throw new IhandlerError('HANDLER_INVALID', `${named} is no handler.`);
  return made;
}

async function sourcesFor(
  args: CommandArguments,
  installed: Installed,
  app: App,
): Promise<readonly Source[]> {
  const files = args.positionals.slice(1);
  if (files.length === 0) return [shippedAttack()];
  const { cwd, env, conditions = [] } = app.host;
  const inputs = await chooseSources(files, {
    installed,
    conditions,
    configuration: noConfiguration,
    cwd,
    from: text(args, 'from'),
    sensor: env['IHANDLER_SENSOR'] || SENSOR,
  });
  return inputs.flatMap(({ reader }) => reader?.source ?? []);
}

function exitCode({ counts, pending: waiting }: LaneStatus): number {
  if (waiting > 0) return exitCodes.unusable;
  return counts.dead > 0 ? exitCodes.partly : exitCodes.ok;
}

/** Delivers what the sources bring, in a data folder that is gone afterwards. */
async function tryOut(entry: HandlerEntry, sources: readonly Source[], args: CommandArguments, app: App) {
  const { host, terminal } = app;
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-try-'));
  let told = Promise.resolve();
  const tell = (line: string) => {
    const width = terminal.columns;
    const shown = escapeControls(line);
    told = told.then(() => terminal.write(`${width === undefined ? shown : cutTo(shown, width)}\n`));
    // Whoever waits for the last line is told when the output is closed.
    told.catch(() => undefined);
  };
  const log = createHostLog({ warn: (line) => tell(`    logs ${line}`) }, app.secrets);
  log.choose({ levels: 'all' });
  chooseLogFor(args, undefined, { hostLog: log });
  const common = { journal: createMemoryJournal(), sensor: host.env['IHANDLER_SENSOR'] || SENSOR, dataDir };
  // What is wrong with the handler itself, a dispatcher says before anything is wrapped.
  createDispatcher({ ...common, handlers: [entry] });
  const dispatcher = createDispatcher({
    ...common,
    handlers: [{ ...entry, handler: watchHandler(entry.handler, tell) }],
    log: log.log,
    retry: { base: 100, cap: 1000, attempts: 3 },
  });
  const stalledAfter = host.patience?.stall ?? 5000;
  try {
    await dispatcher.start();
    for (const source of sources) await dispatcher.run(source, { signal: host.signal, stalledAfter });
    await dispatcher.drain({ stalledAfter, signal: host.signal });
    const [status] = dispatcher.status();
    await dispatcher.close();
    tell('');
    if (status !== undefined) tell(laneLine(status).trimStart());
    await told;
    if (host.signal.aborted) return exitCodes.interrupted;
    return status === undefined ? exitCodes.unusable : exitCode(status);
  } finally {
    await dispatcher.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function runTry(args: CommandArguments, app: App): Promise<number> {
  const [named] = args.positionals;
  if (named === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected what to try: a file such as ./notify.js, a folder with a package, or a name. See: ${app.program} try --help`,
    );
  const installed = findPackages([app.host.cwd, app.host.prefix]);
  const entry = await handlerFor(named, installed, app);
  return tryOut(entry, await sourcesFor(args, installed, app), args, app);
}

/** `try NAME [RECORDING]`: shows what a handler does with some incidents. */
export const tryCommand: BuiltIn = {
  name: 'try',
  summary: 'Show what an ihandler does with a recorded attack, step by step',
  usage: `${WITH_FORM} [RECORDING…]`,
  options: {
    from: { type: 'string', value: 'SOURCE', help: 'What the recording is, when that is not plain to see' },
  },
  examples: [
    ['ihandler try ./notify.js', 'a handler of your own, on the attack in the manual of dionaea'],
    [
      'ihandler try ./notify.js:url=http://127.0.0.1:8080/ recording.ndjson',
      'with an option, on a recording',
    ],
  ],
  run: runTry,
};
