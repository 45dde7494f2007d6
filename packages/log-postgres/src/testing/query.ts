import { Client } from 'pg';

/** Queries a database over a connection of its own. */
export async function query<Row extends object = Record<string, unknown>>(
  url: string,
  sql: string,
  ...values: unknown[]
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
