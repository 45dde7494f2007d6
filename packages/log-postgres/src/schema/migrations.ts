import type { Client } from 'pg';
import { DETAILS, DETAILS_VERSION } from './detail-tables.ts';
import { DIONAEA_INDEXES, DIONAEA_TABLES, DIONAEA_TYPES } from './dionaea-schema.ts';
import { CLOCKS, OWN_SCHEMA, SENSORS, VERSIONS } from './own-schema.ts';
import { seedLookups } from './seed-lookups.ts';

/** Converts the tables of one version to the next. */
export interface Migration {
  /** The version after this migration. Versions rise by one. */
  readonly version: number;
  /**
   * Runs in a transaction with the schema first in the search path, while no hub with this or a later version of the package
   * writes. Must not commit.
   */
  run(client: Client): Promise<unknown>;
}

/** Creates version 1 in the schema that is first in the search path. */
const VERSION_1: readonly string[] = [
  VERSIONS,
  ...DIONAEA_TYPES,
  ...SENSORS,
  ...DIONAEA_TABLES,
  ...OWN_SCHEMA,
  ...DIONAEA_INDEXES,
];

/** All migrations. The first one creates the tables in an empty schema. A released migration never changes. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    async run(client) {
      await client.query(VERSION_1.join(';\n'));
      await seedLookups(client);
    },
  },
  { version: 2, run: (client) => client.query(CLOCKS.join(';\n')) },
  { version: DETAILS_VERSION, run: (client) => client.query(DETAILS.join(';\n')) },
];
