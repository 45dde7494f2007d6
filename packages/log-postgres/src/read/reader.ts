import type {
  AttackFilter,
  AttackReader,
  ConnectionDetails,
  ConnectionNode,
  Names,
  StoredRow,
} from '@ihandler/attack-log';
import { IhandlerError } from '@ihandler/core';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { type Login, loginFrom } from '../database/login.ts';
import { explainReading } from '../database/postgres-failure.ts';
import { createSession } from '../database/session.ts';
import { versionOf, wrongVersion } from '../schema/migrate.ts';
import { quoted } from '../schema/schema.ts';
import { readNames } from './names.ts';
import { readDetails } from './read-details.ts';
import { readSummary } from './read-summary.ts';
import { declareRoots, nextRoots } from './roots.ts';
import { selectList } from './select-rows.ts';
import { loadWhole } from './whole-values.ts';

/** How many attacks are read together. */
const PAGE = 50;
/** How many connections one query asks for. */
const CHUNK = 1000;

/** A node while it grows. */
interface Branch {
  readonly row: StoredRow;
  details: ConnectionDetails | undefined;
  readonly children: Branch[];
}

/** Reads whole attacks, many at once. */
async function loadAttacks(
  client: Client,
  schema: string,
  names: Names,
  roots: readonly number[],
): Promise<ConnectionNode[]> {
  const name = quoted(schema);
  const { rows } = await client.query<StoredRow>(
    `SELECT ${selectList('connections')}, sensor_name AS sensor
      FROM ${name}.connections JOIN ${name}.sensors USING (sensor)
      WHERE connection_root = ANY($1::bigint[]) ORDER BY ${name}.connections.connection`,
    [arrayLiteral(roots)],
  );
  const numbers = rows.map((row) => Number(row['connection']));
  const branches = new Map<number, Branch>();
  for (let at = 0; at < numbers.length; at += CHUNK) {
    const chunk = numbers.slice(at, at + CHUNK);
    const restore = await loadWhole(client, schema, chunk);
    const detailsOf = await readDetails(client, schema, names, restore, chunk);
    restore('connections', rows.slice(at, at + CHUNK)).forEach((row, index) => {
      const number = chunk[index] ?? 0;
      branches.set(number, { row, details: detailsOf(number), children: [] });
    });
  }
  for (const [number, branch] of branches) {
    if (roots.includes(number)) continue;
    const { connection_parent: parent, connection_root: root } = branch.row;
    (branches.get(Number(parent)) ?? branches.get(Number(root)))?.children.push(branch);
  }
  // Safe: every branch got its details above.
  return roots.flatMap((root) => (branches.get(root) as ConnectionNode | undefined) ?? []);
}

/** Refuses, with what to do, a schema that is not there or that a later version of this package made. */
async function ensureReadable(client: Client, login: Login, schema: string): Promise<void> {
  const { rows } = await client.query<{ found: string | null }>('SELECT to_regclass($1)::text AS found', [
    `${quoted(schema)}.ihandler_versions`,
  ]);
  if (rows[0]?.found === null)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `${login.name} holds no attacks in the schema ${schema}: nothing has been written there yet, or name another one, as in "…?schema=NAME".`,
    );
  const wrong = wrongVersion(await versionOf(client, schema), schema, login);
  if (wrong !== undefined) throw new IhandlerError('TARGET_UNREADABLE', wrong);
}

async function* readAttacks(
  login: Login,
  schema: string,
  filter: AttackFilter,
): AsyncGenerator<ConnectionNode, void, undefined> {
  const session = createSession(login);
  try {
    // One moment of the database, however long somebody looks at it.
    const names = await session.run(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await ensureReadable(client, login, schema);
      await declareRoots(client, schema, filter);
      return readNames(client, schema);
    });
    for (;;) {
      const attacks = await session.run(async (client) => {
        const roots = await nextRoots(client, PAGE);
        return roots.length === 0 ? undefined : loadAttacks(client, schema, names, roots);
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
 * Opens a database that this handler writes, for reading; nothing is asked before something is read. The address may hold
 * `?schema=NAME`. Throws `OPTIONS_INVALID` for an address that is none; the methods throw `TARGET_UNREADABLE`.
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
          await ensureReadable(client, login, schema);
          return readSummary(client, schema, filter);
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
