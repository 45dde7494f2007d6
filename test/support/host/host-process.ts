import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** A program that runs in a process of its own, and may be killed and started again. */
export interface HostProcess {
  readonly name: string;
  start(): void;
  /** Ends it as a crash does; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it as a service manager does; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** The exit code of one that ended by itself; undefined while it runs, or when it was killed. */
  failed(): number | null | undefined;
  /** The last it said on standard error, over all its lives. */
  said(): string;
}

/** A program that is started with its arguments in a folder; its environment is what is given, and the path. */
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
