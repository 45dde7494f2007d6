import type { Checkpoint } from '../contract/checkpoint.ts';
import { defineHandler, type WritingHandler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';

/** A database as a keeping handler has it: rows and checkpoint change together. */
export interface Database {
  rows: readonly string[];
  checkpoint: Checkpoint;
}

/** A handler that keeps rows, and what a test makes of it. */
export interface Keeper {
  readonly handler: WritingHandler;
  database: Database;
  /** The batches that came, failed ones too. */
  readonly batches: (readonly string[])[];
  /** Called before rows are stored. */
  before(batch: readonly Incident[]): void | Promise<void>;
  /** Called when they are. */
  after(batch: readonly Incident[]): void | Promise<void>;
}

/** Makes a handler that keeps rows with its checkpoint in one step. */
export function createKeeper(accepts: readonly string[] = ['*']): Keeper {
  const keeper: Keeper = {
    database: { rows: [], checkpoint: {} },
    batches: [],
    before() {},
    after() {},
    handler: defineHandler({
      name: 'keeper',
      accepts,
      checkpoint: () => keeper.database.checkpoint,
      async write(batch, checkpoint) {
        keeper.batches.push(batch.map(({ id }) => id));
        await keeper.before(batch);
        const { rows, checkpoint: stored } = keeper.database;
        keeper.database = {
          rows: [...rows, ...batch.map(({ id }) => id)],
          checkpoint: { ...stored, ...checkpoint },
        };
        await keeper.after(batch);
      },
    }),
  };
  return keeper;
}
