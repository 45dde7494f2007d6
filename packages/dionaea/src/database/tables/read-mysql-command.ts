import { toInteger, toValue } from '../cells.ts';
import { type RowResult, type TableRow, withConnection } from './mapping.ts';

/** Reads a row of `mysql_commands` with its arguments; without arguments `args` is absent, as in dionaea's incidents. */
export function readMysqlCommand(row: TableRow): RowResult {
  const columns = ['mysql_command_arg_index', 'mysql_command_arg_data'];
  const args = [...row.related.of('mysql_command_args', 'mysql_command', row.row, columns)]
    .sort((a, b) => Number(a['mysql_command_arg_index'] ?? 0) - Number(b['mysql_command_arg_index'] ?? 0))
    .map((arg) => toValue(arg['mysql_command_arg_data']));
  const { command = null } = row.cells;
  const data = { ...withConnection(row), command: toInteger(command) ?? command };
  return {
    origin: 'dionaea.modules.python.mysql.command',
    data: args.length === 0 ? data : { ...data, args },
  };
}
