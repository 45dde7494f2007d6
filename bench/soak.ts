// `npm run soak`: runs a host that follows a file which another process writes and rotates, with the durable journal, log-sqlite
// and a handler that fails at random. Prints memory each minute. Fails if memory grows or the delivery counts do not add up.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDispatcher, defineHandler, type LaneStatus, permanent, temporary } from '@ihandler/core';
import dionaeaFollow from '@ihandler/dionaea/follow';
import journalSqlite, { check } from '@ihandler/journal-sqlite';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { CONNECTIONS_AN_ATTACK, INCIDENTS_AN_ATTACK } from '../test/support/recorded-attacks.ts';
import { median } from './support/median.ts';
import { writeAttacks } from './support/soak-writer.ts';

/** The interval at which memory is measured, in milliseconds. */
const SAMPLE = 5000;
/** The growth of memory that is allowed, from the second third of the time to the last. */
const GROWTH = 0.15;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    rate: { type: 'string', default: '2000' },
    write: { type: 'string' },
  },
});
const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
if (!(minutes > 0 && rate > 0)) throw new Error('expected --minutes and --rate above 0');

const chance = (share: number) => Math.random() < share;
const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

/** Failures of each kind: a temporary one about every second, an unknown one every two seconds, a permanent one every ten. */
function failing() {
  let handled = 0;
  const handler = defineHandler({
    name: 'failing',
    on: {
      '*'() {
        if (chance(1 / 2000)) throw temporary('busy', { retryAfter: 20 });
        if (chance(1 / 4000)) throw new Error('a bug');
        if (chance(1 / 20_000)) throw permanent('it can never be taken');
        handled += 1;
      },
    },
  });
  return { handler, handled: () => handled };
}

/** Starts the process that writes. Returns it, and a promise of the number of attacks it wrote, which resolves when it ends. */
function startWriter(file: string): { readonly process: ChildProcess; readonly attacks: Promise<number> } {
  const args = ['--minutes', String(minutes), '--rate', String(rate), '--write', file];
  const writer = spawn(process.execPath, [process.argv[1] ?? '', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const attacks = (async () => {
    for await (const line of createInterface({ input: writer.stdout })) return Number(line);
    throw new Error('the writer died');
  })();
  return { process: writer, attacks };
}

function sumOf({ counts, pending: waiting }: LaneStatus): number {
  return counts.delivered + counts.filtered + counts.dead + counts.dropped + counts.lost + waiting;
}

async function soak(folder: string): Promise<readonly string[]> {
  const inFolder = (name: string) => join(folder, name);
  const problems: string[] = [];
  const file = inFolder('incident.json');
  writeFileSync(file, '');
  const broken = failing();
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: inFolder('journal.sqlite') }),
    handlers: [{ handler: logSqlite({ file: inFolder('attacks.sqlite') }) }, { handler: broken.handler }],
    sensor: 'soak',
    dataDir: inFolder('data'),
  });
  await dispatcher.start();
  const over = new AbortController();
  const following = dispatcher.run(dionaeaFollow({ file }), { signal: over.signal });
  const accepted = () => dispatcher.sources()[0]?.accepted ?? 0;

  const memory: number[] = [];
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let reported = 0;
  const timer = setInterval(() => {
    memory.push(process.memoryUsage.rss());
    if (Math.floor(seconds() / 60) === reported) return;
    reported = Math.floor(seconds() / 60);
    const lanes = dispatcher.status().map((lane) => `${lane.instance} ${lane.pending}`);
    console.log(
      `  minute ${reported}: ${megabytes(memory.at(-1) ?? 0)} MB, ${accepted()} accepted, pending: ${lanes.join(', ')}; journal ${megabytes(statSync(inFolder('journal.sqlite')).size)} MB; load ${loadavg()[0]?.toFixed(1)}`,
    );
  }, SAMPLE);
  const attacks = await startWriter(file).attacks;
  clearInterval(timer);
  const lasted = seconds();
  const written = attacks * INCIDENTS_AN_ATTACK;
  const behind = written - accepted();
  for (const end = Date.now() + 600_000; accepted() < written && Date.now() < end; ) await wait(50);
  const left = await dispatcher.drain({ stalledAfter: 60_000 });
  const caughtUp = seconds() - lasted;
  over.abort();
  await following;

  if (accepted() !== written) problems.push(`${written} were written, ${accepted()} accepted`);
  if (left.length > 0) problems.push(`${left.map(({ instance }) => instance)} did not finish`);
  const status = dispatcher.status();
  const failed = status.find(({ instance }) => instance === 'failing')?.counts;
  // Each dead letter is reported to the other handlers as an incident.
  const all = written + (failed?.dead ?? 0);
  for (const lane of status)
    if (sumOf(lane) !== all) problems.push(`the counts of ${lane.instance} say ${sumOf(lane)}, not ${all}`);
  if (failed?.delivered !== broken.handled())
    problems.push(`failing handled ${broken.handled()}, its counts say ${failed?.delivered}`);
  await dispatcher.close();
  problems.push(...check({ file: inFolder('journal.sqlite') }).problems);

  const database = new Database(inFolder('attacks.sqlite'), { readonly: true });
  const rows = database.prepare('SELECT count(*) FROM connections').pluck().get();
  database.close();
  if (rows !== attacks * CONNECTIONS_AN_ATTACK)
    problems.push(`${attacks * CONNECTIONS_AN_ATTACK} connections were made, log-sqlite has ${rows}`);

  const third = Math.floor(memory.length / 3);
  const [second, last] = [median(memory.slice(third, 2 * third)), median(memory.slice(2 * third))];
  const growth = last / second - 1;
  if (growth > GROWTH) problems.push(`memory grew by ${(growth * 100).toFixed(0)} %`);
  console.log(
    `soak: ${written} incidents in ${(lasted / 60).toFixed(1)} minutes, ${(written / lasted).toFixed(0)} per second; ${behind} pending at the end, delivered ${caughtUp.toFixed(1)} s later`,
  );
  console.log(
    `  memory (median): ${megabytes(second)} MB in the second third, ${megabytes(last)} MB in the last (${(growth * 100).toFixed(1)} %, goal: at most ${GROWTH * 100} %), at most ${megabytes(Math.max(...memory))} MB`,
  );
  for (const { instance, counts } of status) console.log(`  ${instance}: ${JSON.stringify(counts)}`);
  console.log(`  load average ${loadavg().map((load) => load.toFixed(1))}; peak memory ${peak()}`);
  return problems;
}

function peak(): string {
  return /VmHWM:\s+(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 'unknown';
}

if (values.write !== undefined) {
  console.log(await writeAttacks(values.write, rate, minutes));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-soak-'));
  try {
    const problems = await soak(folder);
    for (const problem of problems) console.error(`  wrong: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else console.log('  delivery counts add up, memory is flat');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
