import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../workspace.ts';

/** The exit and the output of a program. */
export interface Ending {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands in the manuals that no test runs, with the reason. */
export const notRun: ReadonlyMap<string, string> = new Map([
  ['npm test', 'runs this test'],
  ['npm run rehearse', 'takes minutes; publishes to a registry on this machine'],
  ['npm run version', 'changes every package; test/structure/release-versions.test.ts runs it in a copy'],
  ['git add --all && git commit --message Release', 'changes the repository'],
  ['npm login', 'asks for a password'],
  ['npm run release', 'publishes'],
  ['git push --follow-tags', 'publishes'],
  [
    'npx ihandler run -c live.yaml',
    'runs until it is stopped; apps/ihandler/src/commands/run.test.ts runs it',
  ],
  [
    'npx ihandler doctor -c live.yaml',
    'needs a running host and a dionaea; apps/ihandler/src/commands/doctor.test.ts runs it',
  ],
  ...['list', 'show 1d419d61', 'verify', 'export 1d419d61'].map((what): [string, string] => [
    `npx ihandler samples ${what} -c my.yaml`,
    'needs samples; packages/store/src/commands/samples.test.ts has some',
  ]),
  [
    'npx ihandler import /var/tmp/opencanary.log',
    'needs a log of opencanary; packages/json-lines/src/presets.test.ts reads one',
  ],
  [
    'npx ihandler origins dist/origins.js --page INCIDENTS.md',
    'needs a built package; packages/testkit/src/commands/origins.test.ts has one',
  ],
  [
    'npx ihandler status -c live.yaml',
    'needs a running host; apps/ihandler/src/commands/status.test.ts runs it',
  ],
]);

/** Whether a command is for administrators: it would change this machine, or needs something that only theirs has. */
export function changesMachine(command: string): boolean {
  return /^(?:sudo|docker) /.test(command);
}

/** The commands of a block, with the output that it shows. In a console block commands follow a `$`. */
export function commandsOf(language: string, code: string): readonly { command: string; output: string }[] {
  const commands: { command: string; output: string }[] = [];
  for (const line of code.replaceAll(/ *\\\n */g, ' ').split('\n')) {
    const [, typed] = language === 'console' ? (/^\$ (.+)$/.exec(line) ?? []) : [line, line];
    const command = typed?.replace(/(?:^|\s+)#(?:\s.*)?$/, '').trim();
    const last = commands.at(-1);
    if (command) commands.push({ command, output: '' });
    else if (typed === undefined && last) last.output += `${line}\n`;
  }
  return commands;
}

/** The scripts of the root that a command calls: `npm test`, `npm run release`. */
export function scriptsCalled(command: string): readonly string[] {
  const calls = command.matchAll(/\bnpm (?:(test|start)\b|run (?:--silent )?([\w:-]+))/g);
  return [...calls].map(([, short, long]) => short ?? long ?? '');
}

/** The only folder in the PATH of examples: a user would have to install any other program. */
const path = join(root, 'test', 'support', 'documents', 'bin');

/** The environment of programs in examples: nothing of this user, and times in UTC. */
function environment(project: string): NodeJS.ProcessEnv {
  return {
    PATH: path,
    HOME: join(project, 'home'),
    TMPDIR: process.env['TMPDIR'],
    TZ: 'UTC',
    NODE: process.execPath,
    PROJECT: project,
    CHECKOUT: root,
  };
}

/** Runs a program in a project to its end, for at most 30 seconds. */
export function run(
  file: string,
  args: readonly string[],
  where: { readonly project: string; readonly cwd?: string },
): Promise<Ending> {
  const options = {
    cwd: where.cwd ?? where.project,
    env: environment(where.project),
    timeout: 30_000,
    killSignal: 'SIGKILL',
  } as const;
  return new Promise((resolve) => {
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? error.signal ?? error.message);
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** Runs a command line as a user would type it. Fails if one of its programs is missing, also before a pipe. */
export async function runLine(line: string, project: string): Promise<Ending> {
  const ending = await run('/bin/sh', ['-c', line], { project });
  return ending.code === 0 && /not found$/m.test(ending.stderr) ? { ...ending, code: 127 } : ending;
}
