import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Handler } from '../contract/handler.ts';
import type { Incident, UntypedData } from '../contract/incident.ts';
import type { Journal } from '../contract/journal.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { createDispatcher } from '../delivery/dispatcher.ts';
import type { Dispatcher, DispatcherOptions, LaneStatus } from '../delivery/dispatcher-options.ts';
import { createMemoryJournal } from '../delivery/memory-journal.ts';
import { createIncident } from '../incident/create-incident.ts';
import type { HandlerEntry } from '../routing/handler-entry.ts';
import { sensorOrigins } from './origins.ts';

/** Retries at once, three attempts in all. */
export const quick = { base: 0, cap: 0, attempts: 3 };

/** A schema that everything fits. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** An incident, of an origin that nothing declares unless it is named. */
export function incidentOf(ordinal: number, origin = 'acme.thing.seen', data: UntypedData = {}): Incident {
  return createIncident({ id: `s:${ordinal}`, origin, timestamp: 0, sensor: 'pot', data });
}

/** The first incidents of the stream `s`. */
export function incidents(count: number, origin?: string): readonly Incident[] {
  return Array.from({ length: count }, (_, i) => incidentOf(i + 1, origin));
}

/** The ids of the first incidents of the stream `s`. */
export function ids(count: number): readonly string[] {
  return incidents(count).map(({ id }) => id);
}

/** A promise to wait for, and what settles it. */
export interface Signal {
  readonly promise: Promise<void>;
  give(): void;
}

/** Makes a signal that was not given yet. */
export function createSignal(): Signal {
  let give = () => {};
  const promise = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

/** A folder that is removed after the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-core-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Accepted since the first position = delivered + filtered + dead + dropped + lost + pending, for everybody. */
export async function expectBalanced(dispatcher: Dispatcher, journal: Journal): Promise<void> {
  for (const { instance, counts, pending } of dispatcher.status()) {
    const { delivered, filtered, dead, dropped, lost } = counts;
    const first = (await journal.cursor(instance))?.first ?? 0;
    const accepted = journal.bounds().last - first;
    expect(delivered + filtered + dead + dropped + lost + pending, `the counts of ${instance}`).toBe(
      accepted,
    );
    const letters = await journal.deadLetters(instance);
    const passed = letters.filter(({ position }) => position <= first + accepted - pending);
    expect(passed, `dead letters of ${instance}`).toHaveLength(dead);
  }
}

/** A dispatcher that is closed after the test, when its counts must balance. */
export function setUp(
  handlers: readonly (Handler | HandlerEntry)[],
  options: Partial<DispatcherOptions> = {},
): { readonly dispatcher: Dispatcher; readonly journal: Journal } {
  const journal = options.journal ?? createMemoryJournal();
  const entries = handlers.map((each) => ('handler' in each ? each : { handler: each }));
  const dispatcher = createDispatcher({
    sensor: 'pot',
    dataDir: options.dataDir ?? newFolder(),
    retry: quick,
    origins: [sensorOrigins],
    ...options,
    journal,
    handlers: entries,
  });
  onTestFinished(async () => {
    await dispatcher.close({ within: 100 });
    await expectBalanced(dispatcher, journal);
  });
  return { dispatcher, journal };
}

/** A dispatcher that has started. */
export async function open(
  handlers: readonly (Handler | HandlerEntry)[],
  options?: Partial<DispatcherOptions>,
): Promise<Dispatcher> {
  const { dispatcher } = setUp(handlers, options);
  await dispatcher.start();
  return dispatcher;
}

/** Reports and waits until everybody has handled it. */
export async function handle(dispatcher: Dispatcher, batch: readonly Incident[]): Promise<void> {
  await dispatcher.report(batch);
  expect(await dispatcher.drain()).toEqual([]);
}

/** Where an instance is. */
export function statusOf(dispatcher: Dispatcher, instance: string): LaneStatus {
  const found = dispatcher.status().find((status) => status.instance === instance);
  if (found === undefined) throw new Error(`Unknown instance: ${instance}`);
  return found;
}
