import Sqlite from 'better-sqlite3';

/** The tables of dionaea's log_sqlite for connections, offers and MySQL commands. */
const schema = `
  CREATE TABLE connections (connection INTEGER PRIMARY KEY, connection_type TEXT, connection_transport TEXT,
    connection_protocol TEXT, connection_timestamp INTEGER, connection_root INTEGER, connection_parent INTEGER,
    local_host TEXT, local_port INTEGER, remote_host TEXT, remote_hostname TEXT, remote_port INTEGER);
  CREATE TABLE offers (offer INTEGER PRIMARY KEY, connection INTEGER, offer_url TEXT);
  CREATE TABLE mysql_commands (mysql_command INTEGER PRIMARY KEY, connection INTEGER, mysql_command_cmd NUMBER);
  CREATE TABLE mysql_command_args (mysql_command_arg INTEGER PRIMARY KEY, mysql_command INTEGER,
    mysql_command_arg_index NUMBER, mysql_command_arg_data TEXT);`;

/** Writes a database as dionaea does: one commit for every incident, in journal mode "delete". */
export function createDatabaseWriter(file: string) {
  const db = new Sqlite(file);
  db.pragma('journal_mode = delete');
  db.pragma('synchronous = off');
  db.exec(schema.replaceAll('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
  const insert = db.prepare(
    `INSERT INTO connections VALUES (NULL, 'accept', 'tcp', 'mysqld', ?, NULL, NULL, '192.0.2.1', 3306, '198.51.100.1', '', ?)`,
  );
  let port = 1000;
  return {
    db,
    connect(): number {
      port += 1;
      return Number(insert.run(1_763_800_000 + port, port).lastInsertRowid);
    },
    offer(connection: number): void {
      db.prepare('INSERT INTO offers VALUES (NULL, ?, ?)').run(connection, `http://192.0.2.1/${connection}`);
    },
    command(connection: number, text: string): void {
      db.transaction(() => {
        const { lastInsertRowid } = db
          .prepare('INSERT INTO mysql_commands VALUES (NULL, ?, 3)')
          .run(connection);
        db.prepare('INSERT INTO mysql_command_args VALUES (NULL, ?, 0, ?)').run(lastInsertRowid, text);
      })();
    },
    link(child: number, parent: number): void {
      db.prepare('UPDATE connections SET connection_parent = ? WHERE connection = ?').run(parent, child);
    },
  };
}
