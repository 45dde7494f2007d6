import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { type CommandArguments, escapeControls, IhandlerError, type LaneStatus } from '@ihandler/core';
import { createHostLog, parseEntry } from '@ihandler/host';
import { type App, type BuiltIn, text } from '../app.ts';
import { chooseLogFor, hostFor } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { shippedAttack } from '../shipped-attack.ts';
import { cutTo } from '../terminal/terminal.ts';
import { laneLine } from './import/report.ts';
import { WITH_FORM } from './import.ts';

/** The name of the sensor, unless the environment sets one. */
const SENSOR = 'trial';

/** A file of this name is meant before a package of it: `try notify.js`. */
function localName(name: string, cwd: string): string {
  const isLocal = isAbsolute(name) || /^\.\.?(?:[/\\]|$)/.test(name);
  return !isLocal && existsSync(resolve(cwd, name)) ? `./${name}` : name;
}

function exitCode({ counts, pending }: LaneStatus): number {
  if (pending > 0) return exitCodes.unusable;
  return counts.dead > 0 ? exitCodes.partly : exitCodes.ok;
}

/** Writes lines to the terminal, in order. */
function createLineWriter({ terminal }: App) {
  let written = Promise.resolve();
  return {
    write(line: string): void {
      const width = terminal.columns;
      const shown = escapeControls(line);
      written = written.then(() => terminal.write(`${width === undefined ? shown : cutTo(shown, width)}\n`));
      written.catch(() => undefined); // reported by done()
    },
    done: () => written,
  };
}

async function runTry(args: CommandArguments, app: App): Promise<number> {
  const [named, ...files] = args.positionals;
  if (named === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected a handler to try: a file such as ./notify.js, a folder with a package, or a name. See: ${app.program} try --help`,
    );
  const { cwd, env } = app.world;
  const host = await hostFor(args, app);
  const parsed = parseEntry(named, host.configuration.installed);
  app.secrets.learn(parsed.config);
  const entry = await host.loadHandler({ ...parsed, name: localName(parsed.name, cwd) });
  const sensor = env['IHANDLER_SENSOR'] || SENSOR;
  const sources =
    files.length === 0
      ? [shippedAttack()]
      : await host.loadFileSources(files, { from: text(args, 'from'), sensor });
  const lines = createLineWriter(app);
  const log = createHostLog({ warn: (line) => lines.write(`    logs ${line}`) }, app.secrets);
  log.choose({ levels: 'all,-debug' });
  chooseLogFor(args, undefined, { hostLog: log });
  const { signal, patience } = app.world;
  try {
    const status = await host.tryHandler(entry, sources, {
      sensor,
      writeLine: lines.write,
      log: log.log,
      signal,
      stalledAfter: patience?.stall,
    });
    lines.write('');
    if (status !== undefined) lines.write(laneLine(status).trimStart());
    if (signal.aborted) return exitCodes.interrupted;
    return status === undefined ? exitCodes.unusable : exitCode(status);
  } finally {
    await lines.done();
  }
}

/** `try NAME [RECORDING…]`: shows what a handler does with some incidents. */
export const tryCommand: BuiltIn = {
  name: 'try',
  summary: 'Show what a handler does with a recorded attack, step by step',
  usage: `${WITH_FORM} [RECORDING…]`,
  options: {
    from: { type: 'string', value: 'SOURCE', help: 'Input format of the recording (default: detected)' },
  },
  examples: [
    ['ihandler try ./notify.js', 'a local handler, on the attack that ships with the program'],
    [
      'ihandler try ./notify.js:url=http://127.0.0.1:8080/ recording.ndjson',
      'with an option, on a recording',
    ],
  ],
  run: runTry,
};
