import { toValue } from './cells.ts';
import { type Finding, type TableRow, withConnection } from './mapping.ts';

const fingerprint = {
  hostname: 'mssql_fingerprint_hostname',
  appname: 'mssql_fingerprint_appname',
  cltintname: 'mssql_fingerprint_cltintname',
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
  const rank = row.related.countBefore('logins', 'connection', row.owner, row.row);
  const columns = Object.values(fingerprint);
  const found = row.related.nth('mssql_fingerprints', 'connection', row.owner, rank, columns);
  const said = (column: string) => (found === undefined ? '' : toValue(found[column]));
  return {
    origin: 'dionaea.modules.python.mssql.login',
    data: {
      ...data,
      hostname: said(fingerprint.hostname),
      appname: said(fingerprint.appname),
      cltintname: said(fingerprint.cltintname),
    },
  };
}

/** A row of `mssql_fingerprints`: told with its login, so it is rejected only when there is none. */
export function findFingerprint({ row, owner, connection, related }: TableRow): Finding {
  if (owner === undefined || connection?.protocol !== 'mssqld')
    return 'expected a connection to the SQL Server, found another protocol';
  const rank = related.countBefore('mssql_fingerprints', 'connection', owner, row);
  const login = related.nth('logins', 'connection', owner, rank, []);
  return login === undefined ? 'expected a row of logins that it belongs to, found none' : null;
}
