import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** A program in its own process, which can be killed and restarted. */
export interface HostProcess {
  readonly name: string;
  start(): void;
  /** Kills it like a crash. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Stops it like a service manager. Resolves with its exit code. */
  stop(): Promise<number | null>;
  /** The exit code if it ended by itself; undefined while it runs, or after a kill. */
  failed(): number | null | undefined;
  /** The end of its standard error, over all lives. */
  said(): string;
}

/** A program with its arguments, which runs in a folder with the given environment and PATH. */
export function hostProcess(
  name: string,
  [program, ...argv]: readonly [program: string, ...argv: string[]],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): HostProcess {
  let child: ChildProcessByStdio<null, null, Readable> | undefined;
  let said = '';
  let failed: number | null | undefined;

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return ending?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => ending.once('close', resolve));
    ending.kill(signal);
    return ended;
  }

  return {
    name,
    start() {
      const started = spawn(program, argv, {
        cwd,
        env: { PATH: process.env['PATH'], ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child = started;
      said += '--- started\n';
      started.stderr.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-20_000);
      });
      started.once('close', (code) => {
        if (child !== started) return;
        failed = code;
        said += `--- ended by itself with ${code}\n`;
      });
    },
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    failed: () => failed,
    said: () => said,
  };
}
