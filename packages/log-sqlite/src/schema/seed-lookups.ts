import { DCERPC_SERVICES, MYSQL_COMMANDS } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';

/** Fills the lookup tables as dionaea does at each start, in its order. Existing rows stay unchanged. */
export function seedLookups(database: Database): void {
  const addService = database.prepare(
    `INSERT INTO dcerpcservices (dcerpcservice_uuid, dcerpcservice_name) SELECT $uuid, $name
      WHERE NOT EXISTS (SELECT 1 FROM dcerpcservices WHERE dcerpcservice_uuid = $uuid)`,
  );
  const addOperation = database.prepare(
    `INSERT INTO dcerpcserviceops (dcerpcservice, dcerpcserviceop_opnum, dcerpcserviceop_name, dcerpcserviceop_vuln)
      SELECT dcerpcservice, $opnum, $name, $vulnerability FROM dcerpcservices AS service
      WHERE dcerpcservice_uuid = $uuid AND NOT EXISTS (
        SELECT 1 FROM dcerpcserviceops
        WHERE dcerpcservice = service.dcerpcservice AND dcerpcserviceop_opnum = $opnum)
      LIMIT 1`,
  );
  const addCommand = database.prepare(
    `INSERT INTO mysql_command_ops (mysql_command_cmd, mysql_command_op_name) SELECT $number, $name
      WHERE NOT EXISTS (SELECT 1 FROM mysql_command_ops WHERE mysql_command_cmd = $number)`,
  );
  for (const [name, uuid] of DCERPC_SERVICES) addService.run({ uuid, name });
  for (const [, uuid, ...operations] of DCERPC_SERVICES)
    for (const [opnum, name, vulnerability = ''] of operations)
      addOperation.run({ uuid, opnum, name, vulnerability });
  for (const [number, name] of MYSQL_COMMANDS) addCommand.run({ number, name });
}
