import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { encodeIncident, type JournalDamage } from '@ihandler/core';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { view } from '../read/view.ts';
import {
  createJournalFolder,
  cursorAt,
  idsOf,
  incidentAt,
  incidentsOf,
  type JournalFolder,
} from '../testing/journal-folder.ts';
import { check } from '../upkeep/check.ts';

const ENTRIES = 120;

/** Fills a journal with entries of all sizes, a dead letter, two cursors and the state of a source, and closes it. */
async function fill(there: JournalFolder): Promise<void> {
  const journal = await there.open();
  for (let n = 1; n <= ENTRIES; n += 10) {
    const batch = Array.from({ length: 10 }, (_, i) =>
      incidentAt(n + i, { n: n + i, text: 'x'.repeat(((n + i) * 131) % 5000) }, n % 3 === 0 ? 't' : 's'),
    );
    await journal.append(batch, { source: 'file', state: { offset: n + 9 } });
  }
  const letter = { instance: 'one', position: 7, incident: incidentAt(7), reason: 'no', attempts: 1, at: 0 };
  await journal.commit({
    instance: 'one',
    cursor: cursorAt(ENTRIES - 20, 1),
    deadLetters: [letter],
    reports: [],
  });
  await journal.commit({ instance: 'two', cursor: cursorAt(40), deadLetters: [], reports: [] });
  await journal.close();
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const content = readFileSync(file);
  Buffer.from(bytes).copy(content, Math.min(at, content.length));
  writeFileSync(file, content);
}

/** Overwrites the leaf page of `entries` that contains a position with zeros. */
function destroyLeafOf(file: string, ordinal: number): void {
  const at = readFileSync(file).indexOf(`"n":${ordinal},`);
  // An earlier call may have destroyed the same page.
  if (at > 0) overwrite(file, at - (at % 4096), new Uint8Array(4096));
}

describe('journal-sqlite with a damaged journal', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  const asideIn = () => readdirSync(there.folder).filter((name) => /\.damaged-\d{8}T\d{6}Z$/.test(name));

  it('sets it aside, reports it, and continues in a new one with all readable data', async () => {
    await fill(there);
    destroyLeafOf(there.file, 62);
    const damaged = readFileSync(there.file);
    const told: JournalDamage[] = [];
    const journal = await there.open({ onDamage: (report) => told.push(report) });
    const { damage } = journal;
    expect(told).toEqual([damage]);
    expect(asideIn()).toEqual([damage?.setAside.slice(there.folder.length + 1)]);
    expect(readFileSync(damage?.setAside ?? '').equals(damaged)).toBe(true);
    expect(damage?.problem).not.toBe('');
    expect(damage?.readable).toBeGreaterThan(ENTRIES - 30);
    expect((damage?.readable ?? 0) + (damage?.lost ?? 0)).toBe(ENTRIES);

    expect(journal.bounds()).toEqual({ before: 0, last: ENTRIES });
    expect(await journal.cursor('one')).toEqual(cursorAt(ENTRIES - 20, 1));
    expect(await journal.deadLetters('one')).toHaveLength(1);
    expect(await journal.sourceState('file')).toEqual({ offset: ENTRIES });
    expect(await journal.highest('t')).toBe(ENTRIES);
    expect((await journal.append([incidentAt(1000)])).before).toBe(ENTRIES);
    // The source may deliver lost incidents again.
    expect((await journal.append(incidentsOf(62, 62))).incidents).toHaveLength(1);
    const shown = view({ file: there.file });
    expect(shown.damages()).toEqual([{ ...damage, at: there.time }]);
    shown.close();
    expect(check({ file: there.file }).problems).toEqual([]);
    await journal.close();
    const again = await there.open();
    expect(again.damage).toBeUndefined();
    await again.close();
  });

  it('recovers the content of its write-ahead log', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 50));
    const db = new Database(there.file);
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    await journal.append(incidentsOf(51, 60));
    const crashed = createJournalFolder();
    try {
      for (const rest of ['', '-wal']) writeFileSync(crashed.file + rest, readFileSync(there.file + rest));
      writeFileSync(`${crashed.file}.lock`, '');
      // The log has the right schema version for the header, so this shows that it is read.
      const saved = await crashed.open();
      expect(saved.damage).toBeUndefined();
      expect(await idsOf(saved)).toHaveLength(60);
    } finally {
      await crashed.remove();
    }
  });

  it.each([
    ['cut to nothing', (file: string) => truncateSync(file, 0)],
    ['cut to one byte', (file: string) => truncateSync(file, 1)],
    ['other bytes', (file: string) => writeFileSync(file, 'x'.repeat(20_000))],
    ['a text', (file: string) => writeFileSync(file, '{"origin":"a"}\n')],
  ])('sets it aside when nothing is readable (%s)', async (_, damage) => {
    await fill(there);
    damage(there.file);
    const journal = await there.open();
    // The mark beside the journal says how far it was.
    expect(journal.damage).toMatchObject({ readable: 0, lost: ENTRIES });
    expect(asideIn()).toHaveLength(1);
    expect((await journal.append([incidentAt(1)])).before).toBe(ENTRIES);
  });

  it('reuses no position that a cursor knows when the newest entries are lost', async () => {
    await fill(there);
    const db = new Database(there.file);
    const root = Number(
      db
        .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_entries_1'")
        .pluck()
        .get(),
    );
    db.exec("UPDATE cursors SET position = 120, delivered = 119 WHERE instance = 'one'");
    db.pragma('journal_mode = DELETE');
    db.close();
    for (let n = 111; n <= 120; n += 1) destroyLeafOf(there.file, n);
    overwrite(there.file, (root - 1) * 4096, new Uint8Array(4096));
    const journal = await there.open();
    expect(journal.bounds().last).toBe(ENTRIES);
    expect((await journal.append([incidentAt(5000)])).before).toBe(ENTRIES);
    expect(check({ file: there.file }).problems).toEqual([]);
  });

  it('keeps the dead letters and resumes after them when no cursor is readable', async () => {
    await fill(there);
    const db = new Database(there.file);
    const letters = db
      .prepare<[], number>('SELECT position FROM dead_letters ORDER BY position')
      .pluck()
      .all();
    db.exec('DELETE FROM cursors');
    db.close();
    destroyLeafOf(there.file, 62);
    const journal = await there.open();
    expect((await journal.deadLetters('one')).map(({ position }) => position)).toEqual(letters);
    expect(await journal.cursor('one')).toMatchObject({
      position: letters.at(-1),
      counts: { delivered: 0, dead: letters.length, lost: 0 },
    });
    expect(check({ file: there.file }).problems).toEqual([]);
  });

  it('always opens, and never loses readable data silently', {
    timeout: 120_000,
  }, async () => {
    await fill(there);
    const sound = readFileSync(there.file);
    const whole = new Map<number, string>();
    const db = new Database(there.file, { readonly: true });
    for (const row of db
      .prepare<[], { position: number; body: string }>('SELECT position, body FROM entries')
      .iterate())
      whole.set(row.position, row.body);
    db.close();
    const blow = fc.oneof(
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(sound.length) }),
      fc.record({
        kind: fc.constant('page' as const),
        at: fc.nat(sound.length / 4096 - 1).map((page) => page * 4096),
        bytes: fc.uint8Array({ minLength: 4096, maxLength: 4096 }),
      }),
      fc.record({
        kind: fc.constant('bytes' as const),
        at: fc.nat(sound.length - 1),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(blow, { minLength: 1, maxLength: 3 }), async (blows) => {
        const own = createJournalFolder();
        try {
          writeFileSync(own.file, sound);
          writeFileSync(`${own.file}.lock`, '');
          for (const each of blows)
            if (each.kind === 'cut') truncateSync(own.file, Math.min(each.at, statSync(own.file).size));
            else overwrite(own.file, each.at, each.bytes);
          const journal = await own.open();
          const { damage } = journal;
          let count = 0;
          for (let after = 0; ; ) {
            const { before, incidents } = await journal.read(after, 1000);
            if (incidents.length === 0) break;
            for (const [i, incident] of incidents.entries())
              expect(encodeIncident(incident)).toBe(whole.get(before + 1 + i));
            count += incidents.length;
            after = before + incidents.length;
          }
          if (damage === undefined) expect(journal.bounds()).toEqual({ before: 0, last: ENTRIES });
          else {
            expect(existsSync(damage.setAside)).toBe(true);
            expect(count).toBe(damage.readable);
          }
          const { last } = journal.bounds();
          expect((await journal.append([incidentAt(99_999)])).before).toBe(last);
          if (damage !== undefined) expect(check({ file: own.file }).problems).toEqual([]);
        } finally {
          await own.remove();
        }
      }),
      // Shrinking takes too long and would hide the failure.
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('recovers completely after a crash at any moment of setting it aside', async () => {
    await fill(there);
    destroyLeafOf(there.file, 62);
    const damaged = readFileSync(there.file);
    const first = await there.open();
    const ids = await idsOf(first);
    await first.close();
    const [aside = ''] = asideIn();
    const healed = readFileSync(there.file);

    // Before the damaged journal was moved: it is recovered again.
    writeFileSync(there.file, damaged);
    writeFileSync(`${there.file}.recovered`, 'half of it');
    rmSync(join(there.folder, aside));
    const second = await there.open();
    expect(second.damage?.readable).toBe(ids.length);
    await second.close();

    // After it was moved: the recovered journal takes its place, without the old log.
    rmSync(there.file);
    writeFileSync(`${there.file}.recovered`, healed);
    writeFileSync(`${there.file}-wal`, 'the log of the damaged one');
    const third = await there.open();
    expect(await idsOf(third)).toEqual(ids);
    await third.close();
    const [newest = ''] = asideIn().reverse();
    expect(readFileSync(join(there.folder, `${newest}-wal`), 'latin1')).toBe('the log of the damaged one');
  });

  it('fails when the damage appears while it is open, and is checked at the next start', async () => {
    await fill(there);
    const journal = await there.open();
    destroyLeafOf(there.file, 62);
    const failed = expect.objectContaining({
      code: 'JOURNAL_FAILED',
      message: expect.stringContaining('sets the damaged journal aside'),
    });
    await expect(async () => journal.read(0, 1000)).rejects.toThrow(failed);
    await expect(async () => journal.append([incidentAt(5000)])).rejects.toThrow(failed);
    await journal.close();
    expect(existsSync(`${there.file}.pid`)).toBe(true);
    const again = await there.open();
    expect(again.damage?.readable).toBeGreaterThan(ENTRIES - 30);
  });

  it('leaves a file alone that does not look like a journal', () => {
    const other = join(there.folder, 'incidents.json');
    writeFileSync(other, '{"origin":"a"}\n'.repeat(50));
    renameSync(other, there.file);
    return expect(there.open()).rejects.toMatchObject({ code: 'JOURNAL_INVALID' });
  });
});
