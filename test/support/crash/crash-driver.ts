import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ChildOrders } from './crash-child.ts';
import { type CrashPlan, calm, type End, type Life, randomOf } from './crash-plan.ts';
import { fileLine, type Poster, postersFor } from './crash-posts.ts';

/** The number of lines in the followed file. */
export const FILE_LINES = 40;

/** The results of a run that the verdict needs. */
export interface CrashRun {
  readonly folder: string;
  readonly plan: CrashPlan;
  /** Keys of the posted incidents, by poster, in order; and the keys of those that were answered with 2xx. */
  readonly posted: readonly (readonly string[])[];
  readonly acknowledged: readonly string[];
  /** The number of deaths before the last life. */
  readonly deaths: number;
}

/** The programs that every run uses. */
export interface CrashTools {
  readonly child: string;
  /** The library to preload that makes fsync fail. */
  readonly shim?: string;
}

/** Long enough for any machine: it ends only processes that hang. */
const TOO_LONG = 60_000;

/** The size, in KiB, of the largest file that the child writes. */
function largest(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder).map((name) => Math.ceil(statSync(join(folder, name)).size / 1024)),
  );
}

function commandOf(child: string, orders: ChildOrders, end?: End): readonly string[] {
  const command = [process.execPath, '--max-semi-space-size=1', child, JSON.stringify(orders)];
  if (end?.how !== 'killed at a limit') return command;
  return ['bash', '-c', `ulimit -f ${largest(orders.folder) + end.room}; exec "$@"`, 'bash', ...command];
}

/** Runs the plan, and calls `inspect` after each death of the process. Throws if the process does not die as planned. */
export async function drive(
  { child, shim }: CrashTools,
  folder: string,
  plan: CrashPlan,
  inspect: (life: number) => void,
): Promise<CrashRun> {
  mkdirSync(folder, { recursive: true });
  const random = randomOf(plan.seed ^ 0x5eed);
  const lines = Buffer.from(Array.from({ length: FILE_LINES }, (_, n) => fileLine(n)).join(''));
  const file = join(folder, 'incident.json');
  writeFileSync(file, '');
  let written = 0;
  const posters = postersFor(plan.port, random);
  let errors = '';

  /** Appends to the followed file, also parts of lines. */
  function grow(bytes: number): void {
    appendFileSync(file, lines.subarray(written, written + bytes));
    written = Math.min(lines.length, written + bytes);
  }

  function begin(orders: ChildOrders, end?: End): ChildProcess {
    const trigger = join(folder, 'fsync-fails');
    rmSync(trigger, { force: true });
    const preload = end?.how === 'fsync fails' ? { LD_PRELOAD: shim, FSYNC_FAILS_WHEN: trigger } : {};
    const [program = '', ...args] = commandOf(child, orders, end);
    const running = spawn(program, args, {
      env: { ...process.env, ...preload },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.stdin?.on('error', () => undefined); // it may die while the driver writes to it
    running.stderr?.on('data', (text) => {
      errors += text;
    });
    return running;
  }

  const ended = (running: ChildProcess): Promise<unknown> =>
    running.exitCode !== null || running.signalCode !== null ? Promise.resolve() : once(running, 'exit');

  /** The port, or undefined if the process died before it had one. */
  async function portOf(running: ChildProcess): Promise<number | undefined> {
    let text = '';
    for await (const chunk of running.stdout ?? []) {
      text += chunk;
      if (text.includes('\n')) return Number(text.trim());
    }
    return undefined;
  }

  /** Posts with every poster until the process has ended or `isOver`. */
  async function post(port: number, running: ChildProcess, onAnswer: () => void, isOver: () => boolean) {
    const isGone = () => running.exitCode !== null || running.signalCode !== null || running.killed;
    await Promise.all(
      posters.map(async (poster: Poster) => {
        while (!isGone() && !isOver()) {
          if ((await poster.post(port)) === 'no answer') break;
          grow(Math.floor(random() * 300));
          onAnswer();
        }
      }),
    );
  }

  async function live({ trouble, end }: Life): Promise<void> {
    const orders: ChildOrders = { folder, port: plan.port, trouble, repaired: false };
    const running = begin(orders, end);
    const guard = setTimeout(() => running.kill('SIGTERM'), TOO_LONG);
    if (end.how === 'killed early') setTimeout(() => running.kill('SIGKILL'), end.delay);
    const port = await portOf(running);
    let answers = 0;
    const kill = () => {
      if ('delay' in end && end.delay > 0) setTimeout(() => running.kill('SIGKILL'), end.delay);
      else running.kill('SIGKILL');
    };
    const onAnswer = () => {
      answers += 1;
      if (end.how === 'killed early' || answers !== end.after + 1) return;
      if (end.how === 'fsync fails') writeFileSync(join(folder, 'fsync-fails'), '');
      else kill();
    };
    if (port !== undefined) await post(port, running, onAnswer, () => answers > 400);
    await ended(running);
    clearTimeout(guard);
    const died = running.signalCode ?? running.exitCode;
    // With a limit it may lack the space to start, which is an error that ends it.
    const planned =
      end.how === 'fsync fails' ? [3] : end.how === 'killed at a limit' ? ['SIGKILL', 1] : ['SIGKILL'];
    if (!planned.includes(died ?? 0))
      throw new Error(`the process ended with ${died}, not by ${end.how}: ${errors}`);
  }

  async function liveOn(): Promise<void> {
    const running = begin({ folder, port: plan.port, trouble: calm, repaired: plan.repaired });
    const guard = setTimeout(() => running.kill('SIGTERM'), TOO_LONG);
    const port = await portOf(running);
    if (port === undefined) throw new Error(`the process did not start: ${errors}`);
    let answers = 0;
    await post(
      port,
      running,
      () => (answers += 1),
      () => answers > 10,
    );
    grow(lines.length);
    running.stdin?.write(`f-${FILE_LINES - 1}\n`);
    await ended(running);
    clearTimeout(guard);
    if (running.exitCode !== 0)
      throw new Error(`the process did not finish: ${running.signalCode ?? running.exitCode} ${errors}`);
  }

  let deaths = 0;
  for (const life of plan.lives) {
    await live(life);
    inspect(deaths);
    deaths += 1;
    await wait(0);
  }
  await liveOn();
  inspect(deaths);
  const acknowledged = posters.flatMap((poster) => poster.acknowledged);
  return { folder, plan, posted: posters.map(({ posted }) => posted), acknowledged, deaths };
}
