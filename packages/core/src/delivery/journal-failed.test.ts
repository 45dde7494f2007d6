import { describe, expect, it, vi } from 'vitest';
import { IhandlerError } from '../contract/error.ts';
import { defineHandler } from '../contract/handler.ts';
import type { Journal } from '../contract/journal.ts';
import { defineSource } from '../contract/source.ts';
import { anything, createSignal, incidentOf, incidents, newFolder } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createDispatcher } from './dispatcher.ts';

/** As a journal says it whose fsync failed: the cause alone would pass. */
const failed = new IhandlerError('JOURNAL_FAILED', 'fsync failed', {
  cause: Object.assign(new Error('i/o'), { code: 'EIO' }),
});

/** A dispatcher whose journal fails on request, and the failures it reported. */
async function failing(when: { append?: boolean; commit?: boolean }) {
  const disk = createDisk();
  const inner = disk.journal();
  const heard: string[] = [];
  const journal: Journal = {
    ...inner,
    append: async (...args) => (when.append ? Promise.reject(failed) : inner.append(...args)),
    commit: async (step) => (when.commit ? Promise.reject(failed) : inner.commit(step)),
  };
  const onJournalFailed = vi.fn();
  const dispatcher = createDispatcher({
    journal,
    handlers: [
      {
        handler: defineHandler({
          name: 'one',
          reports: { 'acme.told': anything },
          on: { 'acme.thing.*': ({ id }) => void heard.push(id) },
        }),
      },
      { handler: defineHandler({ name: 'two', on: { '*': () => {} } }) },
    ],
    sensor: 'pot',
    dataDir: newFolder(),
    onJournalFailed,
  });
  await dispatcher.start();
  return { disk, heard, dispatcher, onJournalFailed };
}

describe('a journal that has failed', () => {
  it.each(['append', 'commit'] as const)(
    'in an %s accepts nothing, and the failure is reported once',
    async (where) => {
      const when = { append: false, commit: false };
      const { dispatcher, onJournalFailed } = await failing(when);
      when[where] = true;
      await dispatcher.report(incidents(1)).catch(() => undefined); // told through the rest
      await vi.waitFor(() => expect(onJournalFailed).toHaveBeenCalled());
      when[where] = false;
      await expect(dispatcher.report([incidentOf(2)])).rejects.toBe(failed);
      await expect(dispatcher.retryDeadLetters('one')).rejects.toBe(failed);
      await dispatcher.close();
      expect(onJournalFailed.mock.calls).toEqual([[failed]]);
    },
  );

  it('stops the lanes, and unacknowledged incidents are delivered after a restart', async () => {
    const when = { commit: false };
    const { disk, heard, dispatcher, onJournalFailed } = await failing(when);
    when.commit = true;
    await dispatcher.report(incidents(2));
    await vi.waitFor(() => expect(onJournalFailed).toHaveBeenCalled());
    expect((await dispatcher.drain()).map(({ pending }) => pending)).not.toContain(undefined);
    expect(heard).toEqual(['s:1', 's:2']);
    expect(disk.cursors.get('one')?.position).toBe(0);
    await dispatcher.close();
  });

  it('ends sources with its error, also a source that waits for something else', async () => {
    const when = { append: false };
    const { dispatcher } = await failing(when);
    const never = createSignal();
    const began = createSignal();
    const waits = defineSource({
      name: 'port',
      async run() {
        began.give();
        await never.promise;
      },
    });
    const running = dispatcher.run(waits);
    running.catch(() => undefined); // looked at below
    await began.promise;
    when.append = true;
    const brings = defineSource({ name: 'file', run: ({ report }) => report(incidents(1)) });
    await expect(dispatcher.run(brings)).rejects.toBe(failed);
    await expect(running).rejects.toBe(failed);
    expect(dispatcher.sources().map(({ source, state, failure }) => [source, state, failure])).toEqual([
      ['port', 'failed', 'fsync failed (i/o)'],
      ['file', 'failed', 'fsync failed (i/o)'],
    ]);
    await dispatcher.close();
  });
});
