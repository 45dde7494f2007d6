import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from '../virustotal-server/fault.ts';
import { madeUpFile } from '../virustotal-server/known-file.ts';
import { type Seen, startVirusTotalServer, type VirusTotalServer } from '../virustotal-server/server.ts';
import { type Limits, PUBLIC_KEY } from '../virustotal-server/server-quota.ts';
import type { ChildTask } from './month-child.ts';
import { createRandom, type MonthPlan, planMonth } from './month-plan.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The settings of a simulation. */
export interface MonthOptions {
  /** An empty folder, preferably in memory. */
  readonly folder: string;
  /** The path of the bundle of `month-child.ts`. */
  readonly program: string;
  readonly seed: number;
  readonly unique: number;
  readonly total: number;
  readonly backlog: number;
  /** @default the limits of a public key */
  readonly limits?: Limits;
  /** The days, counted from 0, on which another user exhausts the key for the rest of the day. @default none */
  readonly exhaustedOn?: readonly number[];
  /** How long the simulation continues after the month, in milliseconds. @default 12 days */
  readonly after?: number;
  /** How often the process is killed during a request, a report or a delivery. */
  readonly kills: number;
  /** The most requests, reports or deliveries between two kills. @default spreads the kills over the month */
  readonly killedWithin?: number;
}

/** A reported incident. */
export interface MonthReport {
  readonly origin: string;
  // Untyped on purpose: the tests check its form.
  readonly data: Readonly<Record<string, unknown>>;
}

/** The result of a simulation. */
export interface MonthOutcome {
  readonly plan: MonthPlan;
  readonly server: VirusTotalServer;
  readonly reports: readonly MonthReport[];
  /** Requests for a file report that got a correct response, by their hash. */
  readonly answered: ReadonlyMap<string, readonly number[]>;
  /** Requests with a fault. */
  readonly faults: readonly (Seen & { readonly fault: Fault['kind'] })[];
  readonly kills: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** Creates faults: a few hours in which every response has one kind of fault, and one response in a hundred at any time. */
function createWeather(random: () => number, start: number): (at: number) => Fault | undefined {
  const kinds: readonly (() => Fault)[] = [
    () => ({ kind: 'error', status: 503, code: 'TransientError' }),
    () => ({ kind: 'error', status: 504, code: 'DeadlineExceededError' }),
    () => ({ kind: 'error', status: 429, code: 'TooManyRequestsError', retryAfter: 90 }),
    () => ({ kind: 'error', status: 429, code: 'QuotaExceededError' }),
    () => ({ kind: 'html', status: 502 }),
    () => ({ kind: 'truncated' }),
    () => ({ kind: 'dropped' }),
    () => ({ kind: 'answer lost' }),
  ];
  const outages = Array.from({ length: 14 }, () => {
    const from = start + random() * 30 * DAY;
    return { from, to: from + (0.2 + random() * 6) * HOUR, kind: Math.floor(random() * kinds.length) };
  });
  return (at) => {
    const outage = outages.find(({ from, to }) => at >= from && at < to);
    if (outage !== undefined) return kinds[outage.kind]?.();
    return random() < 0.01 ? kinds[Math.floor(random() * kinds.length)]?.() : undefined;
  };
}

/** Simulates a month: the real handler in processes that are killed, against the test server, in virtual time. */
export async function runMonth(options: MonthOptions): Promise<MonthOutcome> {
  const { folder, seed, unique, total, backlog, limits = PUBLIC_KEY, after = 12 * DAY } = options;
  const plan = planMonth(seed, unique, total);
  const random = createRandom(seed + 1);
  const binaries = join(folder, 'binaries');
  mkdirSync(binaries);
  for (const { md5, content, known } of plan.files) if (!known) writeFileSync(join(binaries, md5), content);
  writeFileSync(join(folder, 'clock'), Buffer.alloc(0));
  const clock = openSync(join(folder, 'clock'), 'r');
  const bytes = Buffer.alloc(8);
  const now = (): number => (readSync(clock, bytes, 0, 8, 0) === 8 ? bytes.readDoubleLE() : plan.start);

  let child: ChildProcess | undefined;
  let kills = 0;
  let toKill = 0;
  const answered = new Map<string, number[]>();
  const faults: (Seen & { readonly fault: Fault['kind'] })[] = [];
  const weather = createWeather(random, plan.start);
  const exhausted = new Set((options.exhaustedOn ?? []).map((day) => plan.start + day * DAY));

  function whatGoesWrong(seen: Seen): Fault | undefined {
    toKill -= 1;
    if (toKill !== 0) return weather(seen.at);
    child?.kill('SIGKILL');
    return random() < 0.5 ? { kind: 'dropped' } : { kind: 'answer lost' };
  }

  const server = await startVirusTotalServer({
    now,
    limits,
    analysis: { queued: 3 * MINUTE, inProgress: 5 * MINUTE },
    fault(seen) {
      const fault = whatGoesWrong(seen);
      if (fault !== undefined) faults.push({ ...seen, fault: fault.kind });
      const hash = /^\/files\/([0-9a-f]{32,64})$/.exec(seen.path)?.[1];
      if (fault === undefined && hash !== undefined && seen.method === 'GET')
        answered.set(hash, [...(answered.get(hash) ?? []), seen.at]);
      // Another user exhausts the key: the server rejects it for the rest of the day.
      for (const at of exhausted) if (seen.at >= at && exhausted.delete(at)) server.quota.exhaust('day');
      return fault;
    },
  });
  server.know(
    ...plan.files
      .filter(({ known }) => known)
      .map(({ content }, index) => madeUpFile(content, plan.start, index % 9)),
  );

  const task = { folder, url: server.url, key: server.key, seed, unique, total, backlog, after };
  for (let life = 0; ; life += 1) {
    const mortal = kills < options.kills;
    const within = options.killedWithin ?? Math.floor((unique * 3) / (options.kills + 1));
    const way = life % 4;
    const fate = 1 + Math.floor(random() * within);
    toKill = mortal && way < 2 ? fate : 0;
    const told: ChildTask = {
      ...task,
      life,
      ...(mortal && way === 2 && { killAtReport: fate }),
      ...(mortal && way === 3 && { killAtDelivery: fate }),
    };
    const run = spawn(process.execPath, [options.program, JSON.stringify(told)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child = run;
    let [output, errors] = ['', ''];
    run.stdout.on('data', (chunk) => {
      output += chunk;
    });
    run.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      run.on('close', (...end) => resolve(end)),
    );
    if (signal === 'SIGKILL') {
      kills += 1;
      continue;
    }
    if (code !== 0) throw new Error(`The process ended with ${code}: ${errors}`);
    const reports: MonthReport[] = readFileSync(join(folder, 'reports'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { plan, server, reports, answered, faults, kills, counters: JSON.parse(output) };
  }
}
