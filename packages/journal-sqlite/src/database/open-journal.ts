import { describeError, IhandlerError, isIhandlerError, type JournalDamage } from '@ihandler/core';
import type { Settings } from '../options.ts';
import { findMissing } from '../recovery/high-water.ts';
import { finishSettingAside, setAside } from '../recovery/set-aside.ts';
import { migrate } from '../schema/migrate.ts';
import { createStore, type Store } from '../write/store.ts';
import { inspectFile } from './inspect-file.ts';
import { createJournal, openDatabase } from './open-database.ts';
import { type Ownership, takeOwnership } from './ownership.ts';
import { realFile } from './real-file.ts';

/** The parts of a journal between `open` and `close`. */
export interface OpenJournal extends Store {
  readonly ownership: Ownership;
  /** The damage that opening found. */
  readonly damage: JournalDamage | undefined;
  /** Positions of damaged entries that were read since and are not in quarantine yet. */
  readonly damagedEntries: Set<number>;
}

/** Makes sure that `file` is a sound journal of any version. */
function repair(file: string, ownership: Ownership, now: number): JournalDamage | undefined {
  finishSettingAside(file);
  const finding = inspectFile(file, ownership);
  if (finding === 'nothing') createJournal(file);
  return typeof finding === 'object' ? setAside(file, finding.problem, now) : undefined;
}

function openOwned(file: string, ownership: Ownership, { keepCursors }: Settings, now: number): OpenJournal {
  const damage = repair(file, ownership, now);
  const db = openDatabase(file);
  try {
    migrate(db, now);
    const found = db.transaction(() => findMissing(db, damage, now)).immediate();
    const damagedEntries = new Set<number>();
    const store = createStore(db, (position) => damagedEntries.add(position));
    store.access.write(() => store.cursors.removeUnused(keepCursors));
    return { ...store, ownership, damage: found, damagedEntries };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Returns the result of `work`. Turns every error but an `IhandlerError` into `TARGET_UNREADABLE`. */
export function explainUnreadable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isIhandlerError(error)) throw error;
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot open the journal ${path}: ${describeError(error)}. Expected a path in an existing folder that this user may write to.`,
      { cause: error },
    );
  }
}

/** Takes ownership of a journal and opens it. Sets a damaged one aside first. Throws the errors of `Journal.open`. */
export function openJournal(settings: Settings, now: number): OpenJournal {
  return explainUnreadable(settings.file, () => {
    const file = realFile(settings.file);
    const ownership = takeOwnership(file);
    try {
      return openOwned(file, ownership, settings, now);
    } catch (error) {
      // The next owner must check the file as thoroughly as this one.
      ownership.release(ownership.wasReleased ? 'without-trace' : 'as-crashed');
      throw error;
    }
  });
}
