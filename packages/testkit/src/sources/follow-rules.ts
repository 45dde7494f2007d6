import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SourceSubject, SourceWorld } from './source-world.ts';

/** A rule for a source that follows a file. */
export interface FollowRule {
  /** A predicate whose subject is the source: `waits for a file that does not exist yet`. */
  readonly name: string;
  check(world: SourceWorld, subject: SourceSubject): Promise<void>;
}

/** The first lines arrive: afterwards the source knows the file. */
async function begin({ start, writer, arrive }: SourceWorld, lines: number): Promise<void> {
  writer.write(lines);
  start();
  await arrive(lines);
}

/** Throws unless `found` are some of `wanted`, in their order. */
function assertSubsequence(found: readonly number[], wanted: readonly number[]): void {
  let at = 0;
  for (const n of wanted) if (n === found[at]) at += 1;
  assert.ok(at === found.length, `Expected lines out of ${wanted}, in this order; found ${found}.`);
}

const rotations: readonly FollowRule[] = [
  {
    name: 'reads the rest of a renamed file, then the new one',
    async check(world) {
      await begin(world, 3);
      await world.writer.rename(2, false);
      world.writer.write(3);
      await world.arrive(8);
      await world.writer.rename(0, true);
      world.writer.write(1);
      await world.arrive(9);
    },
  },
  {
    name: 'reads a file once that is copied and truncated',
    async check(world) {
      await begin(world, 5);
      await world.writer.copyAndCut(0);
      await world.rest();
      world.writer.write(2);
      await world.arrive(7);
    },
  },
  {
    name: 'reads the rest of a file that was renamed and compressed while it did not run',
    async check(world) {
      await begin(world, 4);
      await world.stop();
      world.writer.write(3);
      await world.writer.rename(0, false);
      world.writer.write(2);
      await world.writer.rename(0, false);
      world.writer.write(2);
      await world.writer.gzip(2);
      world.start();
      await world.arrive(11);
    },
  },
  {
    name: 'reads the rest of a file that was moved to another folder',
    async check(world) {
      await begin(world, 3);
      await world.stop();
      world.writer.write(2);
      mkdirSync(join(world.folder, 'old'));
      renameSync(world.file, join(world.folder, 'old', `${basename(world.file)}.1`));
      world.writer.write(2);
      world.start();
      await world.arrive(7);
    },
  },
  {
    name: 'continues after the last line when the beginning of the file was removed',
    async check(world) {
      await begin(world, 6);
      await world.writer.trim(3, false);
      await world.rest();
      world.writer.write(2);
      await world.arrive(8);
    },
  },
  {
    name: 'reads nothing again from a copy beside the file, nor when a copy replaces the file',
    async check(world) {
      await begin(world, 5);
      copyFileSync(world.file, `${world.file}.1`);
      await world.rest();
      await world.writer.replace();
      await world.rest();
      world.writer.write(1);
      await world.arrive(6);
    },
  },
];

const restarts: readonly FollowRule[] = [
  {
    name: 'continues with the next line when it is killed before or after its report is durable',
    async check(world) {
      await begin(world, 1);
      for (let n = 2; n <= 9; n += 1) {
        world.host.killAt(n % 2 === 0 ? 'before' : 'after');
        world.writer.write(1);
        await world.killed();
        world.start();
        await world.arrived(n);
      }
      await world.arrive(9);
    },
  },
  {
    name: 'continues with the next line when it is killed during a rotation',
    async check(world) {
      await begin(world, 2);
      for (const when of ['before', 'after'] as const) {
        const before = world.writer.written();
        world.host.killAt(when);
        world.writer.write(1);
        await world.writer.rename(1, false);
        world.writer.write(1);
        await world.killed();
        await world.writer.gzip(1);
        world.start();
        await world.arrived(before + 3);
      }
      await world.arrive(8);
    },
  },
  {
    name: 'stops when its signal aborts, and continues in another run',
    async check(world) {
      await begin(world, 2);
      await world.stop();
      world.writer.write(2);
      world.start();
      await world.arrive(4);
    },
  },
];

const damages: readonly FollowRule[] = [
  {
    name: 'waits for a file that does not exist yet, and for the end of a line',
    async check(world) {
      world.start();
      await world.rest();
      world.writer.begin();
      await world.rest();
      assert.deepEqual(world.host.incidents, [], 'Expected nothing from half a line.');
      world.writer.write(1);
      world.writer.begin();
      await world.arrive(2);
      world.writer.write(1);
      await world.arrive(4);
    },
  },
  {
    name: 'continues after an invalid line, whose position it reports',
    async check(world, { line }) {
      await begin(world, 2);
      const invalid = '\u0001 no line of any sensor';
      appendFileSync(world.file, `${invalid}\n`);
      world.writer.write(1);
      await world.arrive(3);
      const offset = Buffer.byteLength(`${line(1)}\n${line(2)}\n`);
      for (const reject of world.host.rejects) {
        assert.deepEqual([reject.offset, reject.length], [offset, invalid.length]);
        assert.match(reject.reason, /\S/);
      }
    },
  },
  {
    name: 'passes over NUL bytes and byte order marks',
    async check(world) {
      await begin(world, 2);
      appendFileSync(world.file, Buffer.alloc(5000));
      await world.rest();
      world.writer.write(1);
      appendFileSync(world.file, '\ufeff');
      world.writer.write(1);
      await world.arrive(4);
    },
  },
  {
    name: 'continues when the writer stopped inside a line and began another one behind it',
    async check(world, { line }) {
      await begin(world, 2);
      appendFileSync(world.file, line(3).slice(0, line(3).length >> 1));
      await world.rest();
      world.writer.write(2);
      await world.arrived(4);
      assertSubsequence(world.numbers(), [1, 2, 3, 4]);
    },
  },
  {
    name: 'keeps the order of the lines, also when times go back or lines are there twice',
    async check(world, { line }) {
      const order = [1, 3, 2, 2, 4];
      writeFileSync(world.file, order.map((n) => `${line(n)}\n`).join(''));
      world.start();
      await world.arrived(4);
      assertSubsequence(world.numbers(), [1, 3, 2, 4]);
    },
  },
];

/** The rules for sources that follow a file. */
export const followRules: readonly FollowRule[] = [
  {
    name: 'gives the incidents of every line, in order, with rising ids',
    async check(world) {
      await begin(world, 5);
      world.writer.write(20);
      await world.arrive(25);
    },
  },
  ...rotations,
  ...restarts,
  ...damages,
];
