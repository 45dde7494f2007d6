import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  defineHandler,
  type Source,
} from '@ihandler/core';
import http from '@ihandler/http';
import { freePort } from '@ihandler/test-support/servers';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import forward from './index.ts';
import { offers } from './testing/start-forward.ts';

interface Host {
  readonly dispatcher: Dispatcher;
  /** The ids of the incidents in its journal. */
  readonly seen: string[];
  posts(): number;
}

/** Starts a host that accepts posts on one port, forwards all incidents to another, and reports an incident for each offer. */
async function startHost(name: string, port: number, to: number): Promise<Host> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-loop-'));
  const seen: string[] = [];
  const learned = z.object({ by: z.string() });
  const learns = defineHandler({
    name: `learns-${name}`,
    accepts: ['dionaea.download.offer', 'acme.learned'],
    reports: { 'acme.learned': learned },
    async write(batch, _checkpoint, { report }) {
      for (const cause of batch) await report('acme.learned', { by: name }, { cause });
    },
  });
  const witness = defineHandler({ name: 'witness', on: { '*': ({ id }) => void seen.push(id) } });
  const sender = forward({ url: `http://127.0.0.1:${to}/` });
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: learns }, { handler: witness }, { handler: sender }],
    sensor: name,
    dataDir,
    retry: { base: 20, cap: 50 },
  });
  await dispatcher.start();
  const source: Source = http({ port });
  const running = dispatcher.run(source);
  onTestFinished(async () => {
    await dispatcher.close({ within: 500 });
    await running;
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { dispatcher, seen, posts: () => sender.counters?.()['posts'] ?? 0 };
}

/** Waits until no host has received or sent anything for half a second. */
async function quiet(hosts: readonly Host[]): Promise<void> {
  let before = '';
  for (let still = 0; still < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = JSON.stringify(hosts.map((host) => [host.seen.length, host.posts()]));
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

it('two hosts that forward to each other stop, and each has every incident once', async () => {
  const [portA, portB] = [await freePort(), await freePort()];
  const a = await startHost('a', portA, portB);
  const b = await startHost('b', portB, portA);
  await a.dispatcher.report(offers(50));
  await quiet([a, b]);

  expect(a.seen.filter((id) => !id.includes('/'))).toHaveLength(50);
  for (const host of [a, b]) expect(new Set(host.seen).size).toBe(host.seen.length);
  expect(a.seen.toSorted()).toEqual(b.seen.toSorted());
  // Each offer, and the reports of both hosts about it and about each other's reports, in chains of at most eight.
  expect(a.seen.length).toBeLessThan(50 * 2 ** 9);
  const counts = [...a.dispatcher.status(), ...b.dispatcher.status()].filter(
    ({ instance }) => instance === 'forward',
  );
  for (const { pending, counts: totals } of counts) expect([pending, totals.dead]).toEqual([0, 0]);
  const posted = [a.posts(), b.posts()];
  await quiet([a, b]);
  expect([a.posts(), b.posts()]).toEqual(posted);
});
