import { describe, expect, it } from 'vitest';
import { permanent, temporary } from '../contract/error.ts';
import type { Incident } from '../contract/incident.ts';
import { silentLog } from '../contract/log.ts';
import { createSignal, handle, ids, incidentOf, incidents, open, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createKeeper, type Keeper } from '../testing/keeper.ts';

const has = (batch: readonly Incident[], ordinal: number) => batch.some(({ id }) => id === `s:${ordinal}`);

describe('a database restored from a backup', () => {
  /** A life of the host on a disk: reports, and everybody handles it. */
  async function live(disk: ReturnType<typeof createDisk>, keeper: Keeper, batch: readonly Incident[] = []) {
    const dispatcher = await open([keeper.handler], { journal: disk.journal(), batch: 2 });
    await handle(dispatcher, batch);
    await dispatcher.close();
    return statusOf(dispatcher, 'keeper');
  }

  it('gets everything again that the journal still holds, and skips what it stores already', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    await live(disk, keeper, incidents(4));
    const backup = keeper.database;
    await live(
      disk,
      keeper,
      [5, 6, 7].map((n) => incidentOf(n)),
    );
    keeper.database = backup;
    expect((await live(disk, keeper)).counts).toMatchObject({ delivered: 7 });
    expect(keeper.database.rows).toEqual(ids(7));
  });

  it('is named with what it has and the journal has not', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    await live(disk, keeper, incidents(4));
    keeper.database = { ...keeper.database, checkpoint: { s: 9, imported: 5 } };
    const warnings: unknown[] = [];
    const log = () => ({
      ...silentLog,
      warn: (text: string, fields: unknown) => warnings.push([text, fields]),
    });
    const dispatcher = await open([keeper.handler], { journal: disk.journal(), log });
    await dispatcher.close();
    expect(warnings).toEqual([
      [
        expect.stringContaining('has stored incidents that the journal does not have'),
        { streams: 1, first: 's', stored: 9, journal: 4 },
      ],
    ]);
  });

  it('counts as lost what the journal no longer holds', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    await live(disk, keeper, incidents(6));
    disk.forget(2);
    keeper.database = { rows: [], checkpoint: {} };
    expect((await live(disk, keeper)).counts).toMatchObject({ delivered: 4, lost: 2 });
    expect(keeper.database.rows).toEqual(['s:3', 's:4', 's:5', 's:6']);
  });

  it('is not given what is a dead letter', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    keeper.before = (batch) => {
      if (has(batch, 3)) throw permanent('poison');
    };
    await live(disk, keeper, incidents(6));
    keeper.before = () => {};
    keeper.database = { rows: [], checkpoint: {} };
    expect((await live(disk, keeper)).counts).toMatchObject({ delivered: 5, dead: 1 });
    expect(keeper.database.rows).toEqual(['s:1', 's:2', 's:4', 's:5', 's:6']);
    expect(disk.deadLetters).toHaveLength(1);
  });

  it('is not given a dead letter either when the host is stopped on the way', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    keeper.before = (batch) => {
      if (has(batch, 5)) throw permanent('poison');
    };
    await live(disk, keeper, incidents(8));
    keeper.database = { rows: [], checkpoint: {} };
    const stopped = createSignal();
    keeper.before = (batch) => {
      if (!has(batch, 3)) return;
      stopped.give();
      throw temporary('the disk is full', { retryAfter: 86_400_000 });
    };
    const interrupted = await open([keeper.handler], { journal: disk.journal(), batch: 2 });
    await stopped.promise;
    await interrupted.close();
    keeper.before = () => {};
    expect((await live(disk, keeper)).counts).toMatchObject({ delivered: 7, dead: 1 });
    expect(keeper.database.rows).toEqual(ids(8).filter((id) => id !== 's:5'));
  });

  it('is noticed also when the last write answered with an error', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    await live(disk, keeper, incidents(2));
    const backup = keeper.database;
    keeper.after = () => {
      throw new Error('the reply was lost');
    };
    await live(disk, keeper, [incidentOf(3), incidentOf(4)]);
    keeper.after = () => {};
    keeper.database = backup;
    await live(disk, keeper);
    expect(keeper.database.rows).toEqual(ids(4));
  });

  it('is noticed also when the last write was acknowledged in the next life', async () => {
    const [disk, keeper] = [createDisk(), createKeeper()];
    await live(disk, keeper, incidents(2));
    const backup = keeper.database;
    const stored = createSignal();
    keeper.after = () => stored.give();
    let dead = false;
    const dying = await open([keeper.handler], {
      journal: disk.journal(() => (dead ? new Promise(() => {}) : undefined)),
    });
    keeper.before = () => {
      dead = true;
    };
    await dying.report([incidentOf(3)]);
    await stored.promise;
    keeper.before = () => {};
    await live(disk, keeper);
    keeper.database = backup;
    await live(disk, keeper);
    expect(keeper.database.rows).toEqual(ids(3));
  });
});
