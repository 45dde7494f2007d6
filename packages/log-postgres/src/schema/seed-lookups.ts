import { DCERPC_SERVICES, MYSQL_COMMANDS } from '@ihandler/attack-log';
import type { Client } from 'pg';

/** Fills the empty lookup tables of the schema that is first in the search path. */
export async function seedLookups(client: Client): Promise<void> {
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
