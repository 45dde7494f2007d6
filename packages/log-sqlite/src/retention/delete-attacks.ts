import type { Database } from 'better-sqlite3';
import { completeDetails, ownTablesByConnection } from '../schema/detail-tables.ts';
import { CLOCKS } from '../schema/own-schema.ts';

/** Tables whose rows belong to a connection. */
const byConnection = [
  'dcerpcbinds',
  'dcerpcrequests',
  'emu_profiles',
  'emu_services',
  'offers',
  'downloads',
  'resolves',
  'p0fs',
  'logins',
  'mssql_fingerprints',
  'mssql_commands',
  'mysql_commands',
  'sip_commands',
  'mqtt_fingerprints',
  'mqtt_publish_commands',
  'mqtt_subscribe_commands',
  ...ownTablesByConnection,
  'ihandler_clocks',
  'ihandler_connections',
];

/** Tables whose rows belong to a row of another table: table, column, and the table with that primary key. */
const byCommand = [
  ['mysql_command_args', 'mysql_command', 'mysql_commands'],
  ['sip_addrs', 'sip_command', 'sip_commands'],
  ['sip_vias', 'sip_command', 'sip_commands'],
  ['sip_sdp_origins', 'sip_command', 'sip_commands'],
  ['sip_sdp_connectiondatas', 'sip_command', 'sip_commands'],
  ['sip_sdp_medias', 'sip_command', 'sip_commands'],
] as const;

const members = 'SELECT connection FROM connections WHERE connection_root = ?';

/**
 * Prepares the removal of a whole attack, by its root: all its connections with their details, and VirusTotal's reports
 * and other verdicts on samples that no other attack downloaded. Call the function in a transaction.
 */
export function prepareDeleteAttack(database: Database): (root: number) => void {
  database.exec(CLOCKS);
  completeDetails(database);
  const captured = database
    .prepare<[number], string | null>(
      `SELECT DISTINCT sha256 FROM ihandler_downloads WHERE connection IN (${members})`,
    )
    .pluck();
  const samples = database
    .prepare<[number], string | null>(
      `SELECT DISTINCT download_md5_hash FROM downloads WHERE connection IN (${members})`,
    )
    .pluck();
  const deletions = [
    ...byCommand.map(
      ([table, column, of]) =>
        `DELETE FROM ${table} WHERE ${column} IN (SELECT ${column} FROM ${of} WHERE connection IN (${members}))`,
    ),
    ...byConnection.map((table) => `DELETE FROM ${table} WHERE connection IN (${members})`),
    'DELETE FROM connections WHERE connection_root = ?',
  ].map((sql) => database.prepare(sql));
  const orphaned = `SELECT virustotal FROM virustotals WHERE virustotal_md5_hash = $md5
    AND NOT EXISTS (SELECT 1 FROM downloads WHERE download_md5_hash = $md5)`;
  const deleteScans = database.prepare(`DELETE FROM virustotalscans WHERE virustotal IN (${orphaned})`);
  const deleteReports = database.prepare(`DELETE FROM virustotals WHERE virustotal IN (${orphaned})`);

  const deleteVerdicts = database.prepare(
    `DELETE FROM ihandler_verdicts WHERE (md5 = $hash OR sha256 = $hash)
      AND NOT EXISTS (SELECT 1 FROM downloads WHERE download_md5_hash = md5)
      AND NOT EXISTS (SELECT 1 FROM ihandler_downloads AS d WHERE d.sha256 = ihandler_verdicts.sha256)`,
  );

  return (root) => {
    const md5s = samples.all(root);
    const sha256s = captured.all(root);
    for (const deletion of deletions) deletion.run(root);
    for (const md5 of md5s) {
      deleteScans.run({ md5 });
      deleteReports.run({ md5 });
    }
    for (const hash of [...md5s, ...sha256s]) deleteVerdicts.run({ hash });
  };
}
