import { describeError, IhandlerError, isIhandlerError, type JournalDamage } from '@ihandler/core';
import type { Settings } from '../options.ts';
import { finishSettingAside, setAside } from '../recovery/set-aside.ts';
import { migrate } from '../schema/migrate.ts';
import { createStore, type Store } from '../write/store.ts';
import { inspectFile } from './inspect-file.ts';
import { createJournal, openDatabase } from './open-database.ts';
import { type Ownership, takeOwnership } from './ownership.ts';
import { realFile } from './real-file.ts';

/** Everything that exists between `open` and `close`. */
export interface Opened extends Store {
  readonly ownership: Ownership;
  /** What was set aside on the way. */
  readonly damage: JournalDamage | undefined;
}

/** Leaves a sound journal, of whatever version, in `file`. */
function repair(file: string, ownership: Ownership, now: number): JournalDamage | undefined {
  finishSettingAside(file);
  const finding = inspectFile(file, ownership);
  if (finding === 'nothing') createJournal(file);
  return typeof finding === 'object' ? setAside(file, finding.problem, now) : undefined;
}

function openOwned(file: string, ownership: Ownership, { keepCursors }: Settings, now: number): Opened {
  const damage = repair(file, ownership, now);
  const db = openDatabase(file);
  try {
    migrate(db, now);
    const store = createStore(db);
    store.access.write(() => store.cursors.removeUnused(keepCursors));
    return { ...store, ownership, damage };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What `work` makes; what is no `IhandlerError` becomes `TARGET_UNREADABLE`. */
export function reaching<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isIhandlerError(error)) throw error;
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot open the journal ${path}: expected a file in a folder that exists and that this user may write; found: ${describeError(error)}.`,
      { cause: error },
    );
  }
}

/** Takes the right to write a journal and opens it; one that is damaged is set aside first. Throws what `Journal.open` does. */
export function openJournal(settings: Settings, now: number): Opened {
  return reaching(settings.file, () => {
    const file = realFile(settings.file);
    const ownership = takeOwnership(file);
    try {
      return openOwned(file, ownership, settings, now);
    } catch (error) {
      // The next one is to look as closely as this one had to.
      ownership.release(ownership.wasReleased ? 'without-trace' : 'as-crashed');
      throw error;
    }
  });
}
