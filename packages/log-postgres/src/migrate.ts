import { DCERPC_SERVICES, MYSQL_COMMANDS } from '@ihandler/attack-log';
import { tryLater } from '@ihandler/core';
import type { Client } from 'pg';
import { lockClass, SCHEMA_LOCK } from './locks.ts';
import type { Login } from './login.ts';
import { CREATE, quoted, SCHEMA_VERSION } from './schema.ts';

interface Found {
  readonly owner: string | null;
  readonly version: string | null;
  readonly strange: string | null;
  readonly may_create: boolean;
  readonly may_use: boolean;
}

/** What a schema is, as far as this user may see. */
async function look(client: Client, schema: string): Promise<Found | undefined> {
  const { rows } = await client.query<Found>(
    `SELECT pg_get_userbyid(nspowner) AS owner, has_schema_privilege(oid, 'CREATE') AS may_create,
      has_schema_privilege(oid, 'USAGE') AS may_use,
      (SELECT relname FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = 'ihandler_versions') AS version,
      (SELECT min(relname) FROM pg_class WHERE relnamespace = pg_namespace.oid AND relkind = 'r') AS strange
      FROM pg_namespace WHERE nspname = $1`,
    [schema],
  );
  return rows[0];
}

async function seed(client: Client): Promise<void> {
  const services = DCERPC_SERVICES.map(([name, uuid]) => ({ name, uuid }));
  await client.query(
    `INSERT INTO dcerpcservices (dcerpcservice_uuid, dcerpcservice_name)
      SELECT uuid, name FROM jsonb_to_recordset($1) AS _ (uuid uuid, name text)`,
    [JSON.stringify(services)],
  );
  const operations = DCERPC_SERVICES.flatMap(([, uuid, ...all]) =>
    all.map(([opnum, name, vulnerability = '']) => ({ uuid, opnum, name, vulnerability })),
  );
  await client.query(
    `INSERT INTO dcerpcserviceops (dcerpcservice, dcerpcserviceop_opnum, dcerpcserviceop_name, dcerpcserviceop_vuln)
      SELECT dcerpcservice, opnum, name, vulnerability
      FROM jsonb_to_recordset($1) AS _ (uuid uuid, opnum integer, name text, vulnerability text)
      JOIN dcerpcservices ON dcerpcservice_uuid = uuid`,
    [JSON.stringify(operations)],
  );
  await client.query(
    `INSERT INTO mysql_command_ops (mysql_command_cmd, mysql_command_op_name)
      SELECT number, name FROM jsonb_to_recordset($1) AS _ (number integer, name text)`,
    [JSON.stringify(MYSQL_COMMANDS.map(([number, name]) => ({ number, name })))],
  );
}

async function create(
  client: Client,
  { name, user }: Login,
  schema: string,
  found: Found | undefined,
): Promise<void> {
  if (found !== undefined && !(found.may_create && found.may_use))
    throw tryLater(
      `The schema ${schema} of ${name} belongs to ${found.owner}, and ${user} may not make tables in it: GRANT CREATE, USAGE ON SCHEMA ${schema} TO ${user}, or name another one with "schema".`,
    );
  if (typeof found?.strange === 'string')
    throw tryLater(
      `The schema ${schema} of ${name} holds tables that ihandler did not make, such as ${found.strange}: name another one with "schema".`,
    );
  if (found === undefined) await client.query(`CREATE SCHEMA ${quoted(schema)}`);
  await client.query(`SET LOCAL search_path = ${quoted(schema)}`);
  await client.query(CREATE.join(';\n'));
  await seed(client);
  await client.query('INSERT INTO ihandler_versions (version) VALUES ($1)', [SCHEMA_VERSION]);
}

/** Refuses a schema that a later version of this package made. */
async function checkVersion(client: Client, { name }: Login, schema: string): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT coalesce(max(version), 0) AS version FROM ${quoted(schema)}.ihandler_versions`,
  );
  const version = rows[0]?.version ?? 0;
  if (version === SCHEMA_VERSION) return;
  throw tryLater(
    `The schema ${schema} of ${name} has version ${version}, this @ihandler/log-postgres knows version ${SCHEMA_VERSION}: ${
      version > SCHEMA_VERSION ? 'install a newer one' : 'it was never finished, drop it'
    }, or name another schema with "schema".`,
  );
}

/**
 * Makes the schema when it is not there, in one transaction, also when several hubs begin at the same time. Throws, with
 * what to do, when it is somebody else's or of a later version.
 */
export async function prepareSchema(client: Client, login: Login, schema: string): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [lockClass(schema), SCHEMA_LOCK]);
  const found = await look(client, schema);
  if (typeof found?.version === 'string') await checkVersion(client, login, schema);
  else await create(client, login, schema, found);
  await client.query('COMMIT');
}
