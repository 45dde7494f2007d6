import { temporary } from '@ihandler/core';
import type { Client } from 'pg';
import { lockClass, SCHEMA_LOCK } from '../database/locks.ts';
import type { Login } from '../database/login.ts';
import { quoted } from './identifiers.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

interface SchemaStatus {
  readonly owner: string | null;
  readonly version: string | null;
  readonly foreign_table: string | null;
  readonly may_create: boolean;
  readonly may_use: boolean;
}

/** The status of a schema, as far as this user may see it. */
async function schemaStatus(client: Client, schema: string): Promise<SchemaStatus | undefined> {
  const { rows } = await client.query<SchemaStatus>(
    `SELECT pg_get_userbyid(nspowner) AS owner, has_schema_privilege(oid, 'CREATE') AS may_create,
      has_schema_privilege(oid, 'USAGE') AS may_use,
      (SELECT relname FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = 'ihandler_versions') AS version,
      (SELECT min(relname) FROM pg_class WHERE relnamespace = pg_namespace.oid AND relkind = 'r') AS foreign_table
      FROM pg_namespace WHERE nspname = $1`,
    [schema],
  );
  return rows[0];
}

/** Creates a missing schema. Throws for a schema without the necessary privileges, or with tables of another program. */
async function claim(
  client: Client,
  { name, user }: Login,
  schema: string,
  found: SchemaStatus | undefined,
): Promise<void> {
  if (found !== undefined && !(found.may_create && found.may_use))
    throw temporary(
      `the schema ${schema} of ${name} belongs to ${found.owner}, and ${user} may not create tables in it: GRANT CREATE, USAGE ON SCHEMA ${schema} TO ${user}, or name another one with "schema"`,
    );
  if (typeof found?.foreign_table === 'string')
    throw temporary(
      `the schema ${schema} of ${name} contains tables of another program, such as ${found.foreign_table}: name another one with "schema"`,
    );
  if (found === undefined) await client.query(`CREATE SCHEMA ${quoted(schema)}`);
}

/** The version of the tables in a schema that has the table of versions; 0 if that table is empty. */
export async function versionOf(client: Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>({
    name: 'find version',
    text: `SELECT coalesce(max(version), 0) AS version FROM ${quoted(schema)}.ihandler_versions`,
  });
  return rows[0]?.version ?? 0;
}

const latestOf = (migrations: readonly Migration[]) => migrations.at(-1)?.version ?? 0;

/** The problem with tables of a version, and what to do; undefined for a version that this package knows. */
export function versionProblem(version: number, schema: string, { name }: Login): string | undefined {
  const known = latestOf(MIGRATIONS);
  if (version >= 1 && version <= known) return undefined;
  return `the schema ${schema} of ${name} has version ${version}, this @ihandler/log-postgres knows version ${known}: ${
    version > known ? 'install a newer one' : 'it is incomplete, drop it'
  }, or name another schema with "schema"`;
}

/** Throws a temporary error unless the tables have the version of this package: another hub may have migrated them. */
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
  const found = await schemaStatus(client, schema);
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
 * Creates the schema if it does not exist, and migrates an older one to the latest version, in one transaction: once, even if
 * several hubs start at the same time, and completely or not at all, even if something crashes. Throws a temporary error with
 * advice for a schema of another program or of a later version.
 */
export async function prepareSchema(
  client: Client,
  login: Login,
  schema: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await client.query('BEGIN');
  // Writers share this lock, so they wait while the tables change.
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [lockClass(schema), SCHEMA_LOCK]);
  await migrate(client, login, schema, migrations);
  await client.query('COMMIT');
}
