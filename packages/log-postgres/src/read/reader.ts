import {
  ATTACKS_PER_PAGE,
  type AttackFilter,
  type AttackReader,
  assembleAttacks,
  type ConnectionNode,
  chunksOf,
  type LoadedConnection,
  type LookupNames,
  type StoredRow,
} from '@ihandler/attack-log';
import { IhandlerError } from '@ihandler/core';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { explainReading } from '../database/failure.ts';
import { type Login, loginFrom } from '../database/login.ts';
import { createSession } from '../database/session.ts';
import { quoted } from '../schema/identifiers.ts';
import { versionOf, versionProblem } from '../schema/migrate.ts';
import { readDetails } from './read-details.ts';
import { readNames } from './read-names.ts';
import { readSummary } from './read-summary.ts';
import { declareRoots, nextRoots } from './roots.ts';
import { selectList } from './select-rows.ts';
import { loadUnfitValues } from './unfit-values.ts';

/** Reads whole attacks by their roots. `version` is that of the tables. */
async function loadAttacks(
  client: Client,
  schema: string,
  version: number,
  names: LookupNames,
  roots: readonly number[],
): Promise<ConnectionNode[]> {
  const name = quoted(schema);
  const { rows } = await client.query<StoredRow>(
    `SELECT ${selectList('connections')}, sensor_name AS sensor
      FROM ${name}.connections JOIN ${name}.sensors USING (sensor)
      WHERE connection_root = ANY($1::bigint[]) ORDER BY ${name}.connections.connection`,
    [arrayLiteral(roots)],
  );
  const loaded: LoadedConnection[] = [];
  for (const chunk of chunksOf(rows)) {
    const connections = chunk.map((row) => Number(row['connection']));
    const restore = await loadUnfitValues(client, schema, connections);
    const detailsOf = await readDetails(client, schema, version, names, restore, connections);
    for (const row of restore('connections', chunk))
      loaded.push({ row, details: detailsOf(Number(row['connection'])) });
  }
  return assembleAttacks(roots, loaded);
}

/** The version of the tables. Throws `TARGET_UNREADABLE` for a schema that does not exist, or of a later version. */
async function readableVersion(client: Client, login: Login, schema: string): Promise<number> {
  const { rows } = await client.query<{ found: string | null }>('SELECT to_regclass($1)::text AS found', [
    `${quoted(schema)}.ihandler_versions`,
  ]);
  if (rows[0]?.found === null)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `${login.name} does not contain attacks in the schema ${schema}: either none has been written yet, or name another schema, as in "…?schema=NAME".`,
    );
  const version = await versionOf(client, schema);
  const wrong = versionProblem(version, schema, login);
  if (wrong !== undefined) throw new IhandlerError('TARGET_UNREADABLE', `${wrong}.`);
  return version;
}

async function* readAttacks(
  login: Login,
  schema: string,
  filter: AttackFilter,
): AsyncGenerator<ConnectionNode, void, undefined> {
  const session = createSession(login);
  try {
    // One snapshot of the database, however long the caller takes.
    const { version, names } = await session.run(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const found = await readableVersion(client, login, schema);
      await declareRoots(client, schema, filter);
      return { version: found, names: await readNames(client, schema) };
    });
    for (;;) {
      const attacks = await session.run(async (client) => {
        const roots = await nextRoots(client, ATTACKS_PER_PAGE);
        return roots.length === 0 ? undefined : loadAttacks(client, schema, version, names, roots);
      });
      if (attacks === undefined) return;
      yield* attacks;
    }
  } catch (error) {
    throw explainReading(error, login, schema);
  } finally {
    await session.close();
  }
}

/**
 * Opens a database of this handler for reading. Connects when a method is called. The URL may contain `?schema=NAME`. Throws
 * `OPTIONS_INVALID` for an invalid URL; the methods throw `TARGET_UNREADABLE`.
 */
export function openAttackReader(url: string): AttackReader {
  const login = loginFrom({ url });
  const schema = login.schema ?? 'dionaea';
  return {
    attacks: (filter = {}) => readAttacks(login, schema, filter),
    async summary(filter = {}) {
      const session = createSession(login);
      try {
        return await session.run(async (client) => {
          await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
          const version = await readableVersion(client, login, schema);
          return readSummary(client, schema, version, filter);
        });
      } catch (error) {
        throw explainReading(error, login, schema);
      } finally {
        await session.close();
      }
    },
    close: () => undefined,
  };
}
