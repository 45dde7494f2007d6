import type { ChildProcess } from 'node:child_process';

/** Kills a process with SIGKILL, as in a crash. Resolves when it has ended; at once if it had ended already or is undefined. */
export async function killProcess(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
