import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Incident, parseIncidentId, type Source } from '@ihandler/core';
import { createDurableHost, type DurableHost, SENSOR } from './durable-host.ts';
import { createRotatingWriter, type RotatingWriter } from './rotating-writer.ts';
import { sourceContext } from './source-context.ts';

/** A source to test, and the lines that it reads. */
export interface SourceSubject {
  /** Makes the source that follows a file. Let it check the file every few milliseconds. */
  follow(file: string): Source;
  /** Makes the source that reads a file to its end. Adds the rules about imports. */
  read?(file: string): Source;
  /** The line with a number, from 1 on, without its newline. Each gives at least one incident, and later ones have later times. */
  line(n: number): string;
  /** The number of the line that gave an incident. */
  numberOf(incident: Incident): number;
}

/** A followed file in a folder of its own, a writer that rotates it, and a host that survives when the source is killed. */
export interface SourceWorld {
  readonly folder: string;
  readonly file: string;
  readonly host: DurableHost;
  readonly writer: RotatingWriter;
  /** Runs the source until {@link SourceWorld.stop} or until it is killed. */
  start(): void;
  stop(): Promise<void>;
  /** Waits until the running source was killed. */
  killed(): Promise<void>;
  /** Waits for the incidents of the lines from 1 to a number, and expects exactly these, in order. */
  arrive(last: number): Promise<void>;
  /** Waits until the incidents of a line have arrived. */
  arrived(n: number): Promise<void>;
  /** The numbers of the lines that gave incidents, in order; several incidents of a line count once. */
  numbers(): readonly number[];
  /** Lets the source check the file some times. */
  rest(): Promise<void>;
}

const restTime = 30;

/** What an incident says, without its id. */
export function contentOf({ origin, timestamp, data }: Incident): string {
  return JSON.stringify([origin, timestamp, data]);
}

/** Throws unless ids rise within their streams. */
export function assertRisingIds(incidents: readonly Incident[]): void {
  const highest = new Map<string, number>();
  for (const { id } of incidents) {
    const { stream, ordinal } = parseIncidentId(id);
    const before = highest.get(stream) ?? -1;
    assert.ok(ordinal > before, `Expected rising ordinals in a stream, found ${before} before ${id}.`);
    highest.set(stream, ordinal);
  }
}

/** Runs a source for a file to its end. */
export async function readAll(
  source: Source,
  checkpoint: Readonly<Record<string, number>> = {},
): Promise<readonly Incident[]> {
  const { context, incidents } = sourceContext({ checkpoint, sensor: SENSOR });
  await source.run(context);
  return incidents;
}

/** Makes a {@link SourceWorld}, uses it and removes it. */
export async function inSourceWorld(
  subject: SourceSubject,
  patience: number,
  use: (world: SourceWorld) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-testkit-'));
  const file = join(folder, 'sensor.log');
  const host = createDurableHost();
  let running: ReturnType<DurableHost['run']> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const rest = async () => void (await wait(restTime));
  const writer = createRotatingWriter({ file, line: subject.line, rest: async () => void (await wait(2)) });

  async function until(holds: () => boolean, condition: string): Promise<void> {
    const deadline = performance.now() + patience;
    while (!holds()) {
      if (failure !== undefined) throw failure.error;
      if (performance.now() > deadline)
        assert.fail(`Expected that ${condition} within ${patience} ms, found lines ${numbers().join(', ')}.`);
      await wait(2);
    }
  }
  const numbers = () =>
    host.incidents.map(subject.numberOf).filter((n, index, all) => index === 0 || n !== all[index - 1]);
  const stop = async () => {
    const before = running;
    running = undefined;
    await before?.stop();
  };
  try {
    await use({
      folder,
      file,
      host,
      writer,
      rest,
      numbers,
      stop,
      start() {
        const started = host.run(subject.follow(file));
        running = started;
        started.ended.catch((error: unknown) => {
          failure = { error };
        });
      },
      async killed() {
        const killed = running;
        running = undefined;
        let isOver = false;
        void killed?.ended.finally(() => {
          isOver = true;
        });
        await until(() => isOver || killed === undefined, 'the source reports');
      },
      async arrived(n) {
        await until(() => numbers().includes(n), `line ${n} gives an incident`);
      },
      async arrive(last) {
        const expected = await reference(subject, last, patience);
        await until(() => host.incidents.length >= expected.length, `lines 1 to ${last} give incidents`);
        await rest();
        assert.deepEqual(host.incidents.map(contentOf), expected);
        assertRisingIds(host.incidents);
      },
    });
    if (failure !== undefined) throw failure.error;
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const references = new WeakMap<SourceSubject, Map<number, readonly string[]>>();

/** What the source makes of the lines from 1 to a number in one file that is never rotated. */
async function reference(subject: SourceSubject, last: number, patience: number): Promise<readonly string[]> {
  const known = references.get(subject) ?? new Map<number, readonly string[]>();
  references.set(subject, known);
  const before = known.get(last);
  if (before !== undefined) return before;
  let contents: readonly string[] = [];
  await inSourceWorld(subject, patience, async ({ host, writer, start, arrived, rest }) => {
    writer.write(last);
    start();
    await arrived(last);
    await rest();
    contents = host.incidents.map(contentOf);
  });
  known.set(last, contents);
  return contents;
}
