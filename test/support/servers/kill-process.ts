import type { ChildProcess } from 'node:child_process';

/** Ends a process as a crash does, with SIGKILL; resolves when it has ended, at once if it had or there is none. */
export async function killProcess(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
