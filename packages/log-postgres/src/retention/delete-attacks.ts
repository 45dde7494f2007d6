import { EARLIEST_PLAUSIBLE } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { lockClass, stripesOf, TAKE_LOCKS } from '../database/locks.ts';
import { quoted } from '../schema/identifiers.ts';

/**
 * Removes whole attacks by their roots, in one transaction: all their connections with their details, and VirusTotal's
 * reports and other verdicts on samples that no other attack downloaded. Attacks with a connection at or after `before`, in seconds, stay; a
 * connection with an implausible time counts from when retention first saw it.
 * Returns the number of removed attacks.
 */
export async function deleteAttacks(
  client: Client,
  schema: string,
  roots: readonly string[],
  before = Number.POSITIVE_INFINITY,
): Promise<number> {
  if (roots.length === 0) return 0;
  const name = quoted(schema);
  const wanted = arrayLiteral(roots);
  await client.query('BEGIN');
  const sensors = await client.query<{ sensor: number }>(
    `SELECT DISTINCT sensor FROM ${name}.connections WHERE connection = ANY($1::bigint[])`,
    [wanted],
  );
  await client.query(TAKE_LOCKS, [
    lockClass(schema),
    arrayLiteral(stripesOf(sensors.rows.map(({ sensor }) => sensor))),
  ]);
  const old = await client.query<{ root: string }>(
    `SELECT root FROM unnest($1::bigint[]) AS root WHERE NOT EXISTS (SELECT 1 FROM ${name}.connections
      LEFT JOIN ${name}.ihandler_clocks AS c USING (connection) WHERE connection_root = root
      AND (extract(epoch FROM coalesce(c.seen_at, connection_timestamp)) >= $2::float8
        OR ($2::float8 < 'Infinity' AND c.seen_at IS NULL
          AND coalesce(connection_timestamp < to_timestamp(${EARLIEST_PLAUSIBLE}), true))))`,
    [wanted, before],
  );
  const removable = [arrayLiteral(old.rows.map(({ root }) => root))];
  const samples = await client.query<{ md5: string }>(
    `SELECT DISTINCT download_md5_hash AS md5 FROM ${name}.downloads JOIN ${name}.connections USING (connection)
      WHERE connection_root = ANY($1::bigint[]) AND download_md5_hash IS NOT NULL`,
    removable,
  );
  const captured = await client.query<{ sha256: string }>(
    `SELECT DISTINCT sha256 FROM ${name}.ihandler_downloads JOIN ${name}.connections USING (connection)
      WHERE connection_root = ANY($1::bigint[]) AND sha256 IS NOT NULL`,
    removable,
  );
  const deleted = await client.query<{ count: string }>(
    `WITH gone AS (DELETE FROM ${name}.connections WHERE connection_root = ANY($1::bigint[]) RETURNING connection_root)
      SELECT count(DISTINCT connection_root) FROM gone`,
    removable,
  );
  await client.query(
    `DELETE FROM ${name}.virustotals WHERE virustotal_md5_hash = ANY($1::text[]) AND NOT EXISTS (
      SELECT 1 FROM ${name}.downloads WHERE download_md5_hash = virustotal_md5_hash)`,
    [arrayLiteral(samples.rows.map(({ md5 }) => md5))],
  );
  const hashes = [...samples.rows.map(({ md5 }) => md5), ...captured.rows.map(({ sha256 }) => sha256)];
  await client.query(
    `DELETE FROM ${name}.ihandler_verdicts AS v WHERE (md5 = ANY($1::text[]) OR sha256 = ANY($1::text[]))
      AND NOT EXISTS (SELECT 1 FROM ${name}.downloads WHERE download_md5_hash = v.md5)
      AND NOT EXISTS (SELECT 1 FROM ${name}.ihandler_downloads AS d WHERE d.sha256 = v.sha256)`,
    [arrayLiteral(hashes)],
  );
  await client.query('COMMIT');
  return Number(deleted.rows[0]?.count ?? 0);
}
