import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { describeService } from '../support/servers/available.ts';
import { startPostgres } from '../support/servers/postgres.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describeService('postgres', () => {
  it('startPostgres keeps committed rows and the same address after a kill and a restart', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    await server.kill();
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(await query(server.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
  });

  it('startPostgres requires the given password', async () => {
    const server = await startPostgres({ password: 'not a secret' });
    onTestFinished(() => server.stop());
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const without = server.url.replace(/:[^:@/]*@/, ':wrong@');
    await expect(query(without, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });
});
