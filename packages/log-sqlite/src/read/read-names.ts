import { DCERPC_SERVICES, type LookupNames, MYSQL_COMMANDS, type StoredValue } from '@ihandler/attack-log';
import { tableNames } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

type ServiceRow = [key: StoredValue, uuid: StoredValue, name: StoredValue];
type OperationRow = [service: StoredValue, opnum: StoredValue, name: StoredValue, vulnerability: StoredValue];

const ourServices = DCERPC_SERVICES.map(([name, uuid], key): ServiceRow => [key, uuid, name]);
const ourOperations = DCERPC_SERVICES.flatMap(([, , ...operations], key) =>
  operations.map(([opnum, name, vulnerability = '']): OperationRow => [key, opnum, name, vulnerability]),
);

/** Reads the names of services, operations and commands. Uses our own where the database lacks the table. */
export function readNames(database: Database): LookupNames {
  const present = tableNames(database);
  function rows<Row>(table: string, columns: string, ours: readonly Row[]): readonly Row[] {
    return present.has(table)
      ? database.prepare<[], Row>(`SELECT ${columns} FROM ${table} LIMIT 100000`).raw().all()
      : ours;
  }
  const services = new Map(
    rows<ServiceRow>(
      'dcerpcservices',
      'dcerpcservice, dcerpcservice_uuid, dcerpcservice_name',
      ourServices,
    ).map(([key, uuid, name]) => [uuid, { key, name }]),
  );
  const operations = new Map(
    rows<OperationRow>(
      'dcerpcserviceops',
      'dcerpcservice, dcerpcserviceop_opnum, dcerpcserviceop_name, dcerpcserviceop_vuln',
      ourOperations,
    ).map(([service, opnum, name, vulnerability]) => [`${service} ${opnum}`, { name, vulnerability }]),
  );
  const commands = new Map(
    rows<readonly [StoredValue, StoredValue]>(
      'mysql_command_ops',
      'mysql_command_cmd, mysql_command_op_name',
      MYSQL_COMMANDS,
    ),
  );

  return {
    service: (uuid = null) => ({ dcerpcservice_name: services.get(uuid)?.name ?? null }),
    operation(uuid = null, opnum = null) {
      const service = services.get(uuid);
      const operation = service && operations.get(`${service.key} ${opnum}`);
      return {
        dcerpcservice_name: service?.name ?? null,
        dcerpcserviceop_name: operation?.name ?? null,
        dcerpcserviceop_vuln: operation?.vulnerability ?? null,
      };
    },
    command: (number = null) => ({ mysql_command_op_name: commands.get(number) ?? null }),
  };
}
