import { toValue } from '../cells.ts';
import { type RowResult, type TableRow, withConnection } from './mapping.ts';

const fingerprints = {
  table: 'mssql_fingerprints',
  columns: ['mssql_fingerprint_hostname', 'mssql_fingerprint_appname', 'mssql_fingerprint_cltintname'],
} as const;

/**
 * Reads a row of `logins`. The protocol of the connection shows the service, since the table does not. For each login to
 * the SQL Server dionaea writes a login and a fingerprint: the n-th login of a connection has the n-th fingerprint.
 */
export function readLogin(row: TableRow): RowResult {
  const data = withConnection(row);
  const protocol = row.connection?.protocol;
  if (protocol === 'mysqld') return { origin: 'dionaea.modules.python.mysql.login', data };
  if (protocol !== 'mssqld' || row.owner === undefined)
    return { origin: 'dionaea.modules.python.ftp.login', data };
  const fingerprint = row.related.partner('logins', row.row, row.owner, fingerprints);
  const valueAt = (part: string) =>
    fingerprint === undefined ? '' : toValue(fingerprint[`mssql_fingerprint_${part}`]);
  return {
    origin: 'dionaea.modules.python.mssql.login',
    data: {
      ...data,
      hostname: valueAt('hostname'),
      appname: valueAt('appname'),
      cltintname: valueAt('cltintname'),
    },
  };
}

/** Reads a row of `mssql_fingerprints`, which is part of the incident of its login. Without a login it is rejected. */
export function readFingerprint({ row, owner, connection, related }: TableRow): RowResult {
  if (owner === undefined || connection?.protocol !== 'mssqld')
    return 'expected a connection with the protocol mssqld, found another';
  const login = related.partner('mssql_fingerprints', row, owner, { table: 'logins', columns: [] });
  return login === undefined ? 'expected a matching row in logins, found none' : null;
}
