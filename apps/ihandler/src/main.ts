#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { describeError, escapeControls } from '@ihandler/core';
import { listenForHangups } from '@ihandler/host';
import { exitCodes } from './exit-code.ts';
import { run } from './program.ts';

/** npm repeats an interrupt that the program also gets from the terminal: within this time, in milliseconds, two are one. */
const SAME_INTERRUPT = 300;

const interrupted = new AbortController();
let interruptedAt = 0;
function interrupt(): void {
  const now = performance.now();
  if (!interrupted.signal.aborted) {
    interruptedAt = now;
    interrupted.abort();
    if (process.stderr.isTTY)
      process.stderr.write(
        '\r\x1b[KInterrupted: finishing the running batch (interrupt again to stop at once)\n',
      );
  } else if (now - interruptedAt > SAME_INTERRUPT) process.exit(exitCodes.interrupted);
}
const interrupts = ['SIGINT', 'SIGTERM'] as const;

/** JavaScript does not receive signals during one long step. Without a listener, the system ends the program. */
function listen(isListening: boolean): void {
  for (const signal of interrupts) process.off(signal, interrupt);
  if (isListening) for (const signal of interrupts) process.on(signal, interrupt);
}
listen(true);

async function killable<T>(work: () => T): Promise<Awaited<T>> {
  listen(false);
  try {
    return await work();
  } finally {
    listen(true);
  }
}

/** Each returns whether it has dealt with an error that nothing has caught. */
const attributions = new Set<(error: unknown) => boolean>();
function onUncaught(error: unknown): void {
  if ([...attributions].some((attribute) => attribute(error))) return;
  const text = error instanceof Error ? error.stack : undefined;
  process.stderr.write(
    `ihandler: unexpected error: ${(text ?? describeError(error)).split('\n').map(escapeControls).join('\n')}\n`,
  );
  process.exit(exitCodes.unusable);
}
process.on('uncaughtException', onUncaught).on('unhandledRejection', onUncaught);

/** The conditions Node was started with (`--conditions=NAME`, `-C NAME`), so that packages resolve as its own imports do. */
function conditionsOf(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((argument, index) => {
    if (argument.startsWith('--conditions=')) return [argument.slice('--conditions='.length)];
    return argument === '-C' || argument === '--conditions' ? (execArgv[index + 1] ?? []) : [];
  });
}

/** Asks a question. The end of the input, or an interrupt, is an empty answer. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const nothing = new Promise<string>((answer) => terminal.once('close', () => answer('')));
  try {
    return await Promise.race([terminal.question(question, { signal: interrupted.signal }), nothing]);
  } catch (error) {
    if (interrupted.signal.aborted) return '';
    throw error;
  } finally {
    terminal.close();
  }
}

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  ask,
  signal: interrupted.signal,
  ...listenForHangups(() => interrupted.abort()),
  onUncaught(callback, until) {
    attributions.add(callback);
    until.addEventListener('abort', () => attributions.delete(callback), { once: true });
  },
  onBlocked: (isBlocked) => listen(!isBlocked),
  exit: (code) => process.exit(code),
  killable,
  prefix: import.meta.dirname,
  conditions: conditionsOf(process.execArgv),
  actsAsOwner: true,
});
// A timer or request that a package left open must not keep a finished program alive.
setTimeout(() => process.exit(), 500).unref();
