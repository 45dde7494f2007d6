import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HostProcess, hostProcess } from '../host/host-process.ts';
import { root } from '../workspace.ts';
import { commandsOf } from './commands.ts';
import { parseDocument } from './document.ts';

/** Text of an example and its replacement on this machine, longest first: ports, addresses, folders. */
export type Replaced = readonly (readonly [said: string, here: string])[];

/** Follows the steps of an example for several machines on one machine, with a folder for each. */
export interface Walk {
  /** Runs the README from its first line to its last, except its last section. */
  follow(): Promise<void>;
  /** The current output of the last command of that section. */
  look(): Promise<string>;
  /** The packages that the README installs. */
  readonly installed: readonly string[];
  /** The folder of a machine: `hub`, `sensor`, `server`. */
  folder(machine: string): string;
  /** The output of the running programs. */
  said(): string;
  stop(): Promise<void>;
}

interface Step {
  readonly machine: string;
  readonly command: string;
}

/** The section that shows the result, on the hub. */
const LAST = 'show the attacks';

const runsOn = /^(?:\w+=\S+ )?(?:npx ihandler run|nats-server|prosody) /;

/** Prepares an example in an empty folder. `secrets` are the secrets that its README names, by machine. */
export function walkThrough(
  example: string,
  folder: string,
  program: string,
  replaced: Replaced,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Walk {
  const from = join(root, 'examples', example);
  const { blocks } = parseDocument(example, readFileSync(join(from, 'README.md'), 'utf8'));
  const steps = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ heading, code }) =>
      commandsOf('sh', code).map(({ command }): Step => ({ machine: heading.toLowerCase(), command })),
    );
  const places = (machine: string): Replaced => [
    ['/opt/dionaea/var/lib/dionaea', join(folder, machine, 'dionaea')],
    ['/var/lib/ihandler', join(folder, machine, 'data')],
    ['/etc/prosody/certs', join(folder, 'etc')],
    ['/var/lib/prosody', join(folder, machine, 'prosody')],
    ['/var/run/prosody', join(folder, machine)],
    ['/etc/nats', join(folder, 'etc')],
    ['/var/lib/nats', join(folder, machine, 'nats')],
    // The README copies certificates there.
    ['/etc/ihandler', join(folder, 'etc')],
  ];
  const here = (machine: string, text: string) =>
    [...replaced, ...places(machine)].reduce((found, [said, real]) => found.replaceAll(said, real), text);

  mkdirSync(join(folder, 'etc'));
  for (const machine of ['server', 'hub', 'sensor']) {
    const own = join(folder, machine);
    cpSync(from, own, { recursive: true });
    for (const name of ['dionaea', 'prosody', 'nats']) mkdirSync(join(own, name));
    for (const name of readdirSync(from)) {
      const text = here(machine, readFileSync(join(from, name), 'utf8'));
      // The hosts share a machine, and only one could have the health port.
      writeFileSync(join(own, name), name.endsWith('.yaml') ? `${text}health: off\n` : text);
    }
  }

  const running: HostProcess[] = [];
  const shell = (machine: string, command: string): [string, string, string] => {
    const line = here(machine, command).replace('npx ihandler', `'${process.execPath}' '${program}'`);
    return ['/bin/sh', '-c', `exec env ${line}`];
  };

  function run({ machine, command }: Step): Promise<string> {
    const at = machine === LAST ? 'hub' : machine;
    const [file, ...args] = shell(at, command);
    const options = { cwd: join(folder, at), env: { PATH: process.env['PATH'], ...secrets[at] } };
    return new Promise((resolve) => {
      execFile(file, args, options, (error, stdout, stderr) => {
        resolve(error === null ? stdout : `${command} ended with ${error.code}\n${stdout}${stderr}`);
      });
    });
  }

  return {
    installed: steps.flatMap(({ command }) =>
      command.startsWith('npm install ') ? command.split(' ').slice(2) : [],
    ),
    folder: (machine) => join(folder, machine),
    async follow() {
      for (const step of steps) {
        const { machine, command } = step;
        if (machine === LAST || command.startsWith('npm install ')) continue;
        if (runsOn.test(command)) {
          const started = hostProcess(
            command,
            shell(machine, command),
            join(folder, machine),
            secrets[machine],
          );
          running.push(started);
          started.start();
        } else {
          const printed = await run(step);
          if (printed.includes('ended with')) throw new Error(printed);
        }
      }
    },
    async look() {
      const last = steps.findLast(({ machine }) => machine === LAST);
      return last === undefined ? '' : run(last);
    },
    said: () => running.map((one) => `=== ${one.name} (${one.failed()})\n${one.said()}`).join('\n'),
    async stop() {
      for (const one of running.reverse()) await one.stop();
    },
  };
}
