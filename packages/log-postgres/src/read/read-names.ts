import type { LookupNames, StoredValue } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { quoted } from '../schema/identifiers.ts';

/** Reads the names of services, operations and commands. */
export async function readNames(client: Client, schema: string): Promise<LookupNames> {
  const name = quoted(schema);
  const [services, operations, commands] = await Promise.all([
    client.query<{ uuid: string; name: string }>(
      `SELECT dcerpcservice_uuid::text AS uuid, dcerpcservice_name AS name FROM ${name}.dcerpcservices LIMIT 100000`,
    ),
    client.query<{ uuid: string; opnum: number; name: string; vulnerability: string | null }>(
      `SELECT dcerpcservice_uuid::text AS uuid, dcerpcserviceop_opnum AS opnum, dcerpcserviceop_name AS name,
        dcerpcserviceop_vuln AS vulnerability
        FROM ${name}.dcerpcserviceops JOIN ${name}.dcerpcservices USING (dcerpcservice) LIMIT 100000`,
    ),
    client.query<{ number: number; name: string }>(
      `SELECT mysql_command_cmd AS number, mysql_command_op_name AS name FROM ${name}.mysql_command_ops LIMIT 100000`,
    ),
  ]);
  const serviceOf = new Map<StoredValue, string>(services.rows.map((row) => [row.uuid, row.name]));
  const operationOf = new Map(operations.rows.map((row) => [`${row.uuid} ${row.opnum}`, row]));
  const commandOf = new Map<StoredValue, string>(commands.rows.map((row) => [row.number, row.name]));
  return {
    service: (uuid = null) => ({ dcerpcservice_name: serviceOf.get(uuid) ?? null }),
    operation(uuid = null, opnum = null) {
      const operation = operationOf.get(`${uuid} ${opnum}`);
      return {
        dcerpcservice_name: serviceOf.get(uuid) ?? null,
        dcerpcserviceop_name: operation?.name ?? null,
        dcerpcserviceop_vuln: operation?.vulnerability ?? null,
      };
    },
    command: (number = null) => ({ mysql_command_op_name: commandOf.get(number) ?? null }),
  };
}
