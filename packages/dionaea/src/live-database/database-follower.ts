import type { SourceContext } from '@ihandler/core';
import { idOfFile, type LiveDatabase, openLive } from './open-live.ts';
import type { LiveDatabaseSettings } from './options.ts';
import { RowReader } from './row-reader.ts';
import type { LiveState } from './state.ts';

/** An open database, and the last version that was read to its end. */
interface OpenDatabase {
  readonly live: LiveDatabase;
  /** Undefined before the first reading. */
  version: unknown;
}

/** Follows a database step by step: opens it when there is one, reads its new rows, and leaves it when another takes its place. */
export class DatabaseFollower {
  readonly #settings: LiveDatabaseSettings;
  readonly #context: SourceContext;

  /** The position that is durable; undefined before the first run. */
  #state: LiveState | undefined;
  /** Undefined while the database is missing or unreadable. */
  #open: OpenDatabase | undefined;

  /** `state` is the state of an earlier run. */
  constructor(settings: LiveDatabaseSettings, context: SourceContext, state: LiveState | undefined) {
    this.#settings = settings;
    this.#context = context;
    this.#state = state;
  }

  /** Reads the rows that were added. Throws `TARGET_UNREADABLE`; after {@link close} it may be called again. */
  async step(): Promise<void> {
    const open = this.#open ?? (await this.#openDatabase());
    if (open === undefined) return;
    const { live } = open;
    const idAtPath = await idOfFile(this.#settings.file);
    const version = await live.retryLocked(() => live.version());
    if (version === open.version) {
      // Everything has been read: the file at the path may be another one by now.
      if (idAtPath !== undefined && idAtPath !== live.id) this.close();
      return;
    }
    const isSameSchema = (await live.retryLocked(() => live.currentSchema())) === live.schema;
    if (isSameSchema && (await this.#readNewRows(live))) open.version = version;
    else this.close();
  }

  /** Closes the database. Rows that were read but not reported are read again. Safe to call twice. */
  close(): void {
    this.#open?.live.reading.db.close();
    this.#open = undefined;
  }

  async #openDatabase(): Promise<OpenDatabase | undefined> {
    const live = await openLive(this.#settings, this.#state, this.#context);
    if (live === undefined) return undefined;
    this.#state = live.state;
    this.#open = { live, version: undefined };
    return this.#open;
  }

  /** Returns false when this is another database than the one of the state. */
  async #readNewRows(live: LiveDatabase): Promise<boolean> {
    const state = this.#state ?? live.state;
    const keep = (next: LiveState) => {
      this.#state = next;
    };
    const { file } = this.#settings;
    const reader = new RowReader({ file, live, context: this.#context, keep }, state);
    return reader.readNewRows();
  }
}
