import { temporary } from '@ihandler/core';
import type { Client } from 'pg';
import { lockClass, SCHEMA_LOCK } from '../database/locks.ts';
import type { Login } from '../database/login.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { quoted } from './schema.ts';

interface SchemaStatus {
  readonly owner: string | null;
  readonly version: string | null;
  readonly strange: string | null;
  readonly may_create: boolean;
  readonly may_use: boolean;
}

/** What a schema is, as far as this user may see. */
async function look(client: Client, schema: string): Promise<SchemaStatus | undefined> {
  const { rows } = await client.query<SchemaStatus>(
    `SELECT pg_get_userbyid(nspowner) AS owner, has_schema_privilege(oid, 'CREATE') AS may_create,
      has_schema_privilege(oid, 'USAGE') AS may_use,
      (SELECT relname FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = 'ihandler_versions') AS version,
      (SELECT min(relname) FROM pg_class WHERE relnamespace = pg_namespace.oid AND relkind = 'r') AS strange
      FROM pg_namespace WHERE nspname = $1`,
    [schema],
  );
  return rows[0];
}

/** Refuses a schema that is not there and may not be made, or that holds what somebody else made. */
async function claim(
  client: Client,
  { name, user }: Login,
  schema: string,
  found: SchemaStatus | undefined,
): Promise<void> {
  if (found !== undefined && !(found.may_create && found.may_use))
    throw temporary(
      `The schema ${schema} of ${name} belongs to ${found.owner}, and ${user} may not make tables in it: GRANT CREATE, USAGE ON SCHEMA ${schema} TO ${user}, or name another one with "schema".`,
    );
  if (typeof found?.strange === 'string')
    throw temporary(
      `The schema ${schema} of ${name} holds tables that ihandler did not make, such as ${found.strange}: name another one with "schema".`,
    );
  if (found === undefined) await client.query(`CREATE SCHEMA ${quoted(schema)}`);
}

/** The version of the tables in a schema that has the table of versions; 0 when that is empty. */
export async function versionOf(client: Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>({
    name: 'find version',
    text: `SELECT coalesce(max(version), 0) AS version FROM ${quoted(schema)}.ihandler_versions`,
  });
  return rows[0]?.version ?? 0;
}

const latestOf = (migrations: readonly Migration[]) => migrations.at(-1)?.version ?? 0;

/** Why tables of a version cannot be used, and what to do; undefined for those that this package knows. */
export function versionProblem(version: number, schema: string, { name }: Login): string | undefined {
  const known = latestOf(MIGRATIONS);
  if (version >= 1 && version <= known) return undefined;
  return `The schema ${schema} of ${name} has version ${version}, this @ihandler/log-postgres knows version ${known}: ${
    version > known ? 'install a newer one' : 'it was never finished, drop it'
  }, or name another schema with "schema".`;
}

/** Throws, as something that passes, unless the tables are of this package's own version: another hub may have changed them. */
export async function assertVersion(client: Client, login: Login, schema: string): Promise<void> {
  const wrong = versionProblem(await versionOf(client, schema), schema, login);
  if (wrong !== undefined) throw temporary(wrong);
}

async function migrate(
  client: Client,
  login: Login,
  schema: string,
  migrations: readonly Migration[],
): Promise<void> {
  const found = await look(client, schema);
  const isOurs = typeof found?.version === 'string';
  const version = isOurs ? await versionOf(client, schema) : 0;
  if (isOurs) {
    const wrong =
      version > latestOf(migrations) || version < 1 ? versionProblem(version, schema, login) : undefined;
    if (wrong !== undefined) throw temporary(wrong);
  } else await claim(client, login, schema, found);
  await client.query(`SET LOCAL search_path = ${quoted(schema)}`);
  for (const migration of migrations) {
    if (migration.version <= version) continue;
    await migration.run(client);
    await client.query('INSERT INTO ihandler_versions (version) VALUES ($1)', [migration.version]);
  }
}

/**
 * Makes the schema when it is not there, and brings an older one up to the last version, in one transaction: once, also when
 * several hubs begin at the same time, and all or nothing, whatever crashes. Throws, with what to do, when it is somebody
 * else's or of a later version.
 */
export async function prepareSchema(
  client: Client,
  login: Login,
  schema: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await client.query('BEGIN');
  // Whoever writes holds it shared: nothing is written while tables change.
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [lockClass(schema), SCHEMA_LOCK]);
  await migrate(client, login, schema, migrations);
  await client.query('COMMIT');
}
