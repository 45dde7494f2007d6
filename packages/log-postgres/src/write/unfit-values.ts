import type { Cell, ClusterResult, Row, Table } from '@ihandler/attack-log';

/** A value that does not fit its column unchanged, with its connection. */
export interface UnfitValue {
  readonly connection: number;
  readonly table: Table;
  readonly row: number;
  readonly column: string;
  readonly value: Cell;
}

/** The connection of a new row; undefined for a row without one. */
export function ownerOf(rows: ClusterResult['rows'], table: Table, row: Row): number | undefined {
  if (table === 'virustotals' || table === 'virustotalscans' || table === 'ihandler_verdicts')
    return undefined;
  if (table === 'connections') return Number(row[0]);
  const commands =
    table === 'mysql_command_args'
      ? rows.mysql_commands
      : table.startsWith('sip_') && table !== 'sip_commands'
        ? rows.sip_commands
        : undefined;
  if (commands === undefined) return Number(row[1]);
  const owner = commands.find(([key]) => key === row[1])?.[1];
  return owner === undefined ? undefined : Number(owner);
}
