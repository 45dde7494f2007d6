import { toValue } from '../cells.ts';
import { type Finding, type TableRow, withConnection } from '../mapping.ts';

const fingerprints = {
  table: 'mssql_fingerprints',
  columns: ['mssql_fingerprint_hostname', 'mssql_fingerprint_appname', 'mssql_fingerprint_cltintname'],
} as const;

/**
 * A row of `logins`. The table does not say which service it was; the protocol of the connection does. For a login to
 * the SQL Server dionaea writes a login and a fingerprint, so the n-th login of a connection has its n-th fingerprint.
 */
export function findLogin(row: TableRow): Finding {
  const data = withConnection(row);
  const protocol = row.connection?.protocol;
  if (protocol === 'mysqld') return { origin: 'dionaea.modules.python.mysql.login', data };
  if (protocol !== 'mssqld' || row.owner === undefined)
    return { origin: 'dionaea.modules.python.ftp.login', data };
  const found = row.related.partner('logins', row.row, row.owner, fingerprints);
  const said = (part: string) => (found === undefined ? '' : toValue(found[`mssql_fingerprint_${part}`]));
  return {
    origin: 'dionaea.modules.python.mssql.login',
    data: {
      ...data,
      hostname: said('hostname'),
      appname: said('appname'),
      cltintname: said('cltintname'),
    },
  };
}

/** A row of `mssql_fingerprints`: told with its login, so it is rejected only when there is none. */
export function findFingerprint({ row, owner, connection, related }: TableRow): Finding {
  if (owner === undefined || connection?.protocol !== 'mssqld')
    return 'expected a connection to the SQL Server, found another protocol';
  const login = related.partner('mssql_fingerprints', row, owner, { table: 'logins', columns: [] });
  return login === undefined ? 'expected a row of logins that it belongs to, found none' : null;
}
