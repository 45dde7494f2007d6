import type { Incident } from '@ihandler/core';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type PlannedConnection,
  type Random,
  randomForest,
  seededRandom,
  shuffled,
} from '../../../attack-log/src/testing/random-forest.ts';
import { openAttackReader } from '../index.ts';
import { MIGRATIONS } from '../schema/migrations.ts';
import { canonicalForest } from '../testing/canonical-forest.ts';
import { query } from '../testing/query.ts';
import { freshSchema, type StartedHandler, startHandler } from '../testing/start-handler.ts';

/** Cuts incidents into batches of random sizes. */
function batches(incidents: readonly Incident[], random: Random): Incident[][] {
  const cut: Incident[][] = [];
  for (let at = 0; at < incidents.length; ) {
    const size = 1 + random(12);
    cut.push(incidents.slice(at, at + size));
    at += size;
  }
  return cut;
}

/** Writes as a lane does: retries until the hub accepts the batch. */
async function write(hub: StartedHandler, batch: readonly Incident[]): Promise<void> {
  for (let tries = 0; ; tries += 1)
    try {
      return await hub.write(batch);
    } catch (error) {
      if (tries > 20 || !(error instanceof Error && 'retryAfter' in error)) throw error;
    }
}

/** Sends each incident to one hub or to several, and again in other batches. Every hub gets its own order. */
function share(incidents: readonly Incident[], hubs: number, random: Random): Incident[][][] {
  const shares = Array.from({ length: hubs }, () => [] as Incident[]);
  for (const incident of incidents) {
    const first = random(hubs);
    shares[first]?.push(incident);
    shares.forEach((own, hub) => {
      if (hub !== first && random(2) === 0) own.push(incident);
    });
  }
  return shares.map((own) =>
    batches(shuffled(own, random), random).flatMap((batch) =>
      random(3) === 0 ? [batch, shuffled(batch, random)] : [batch],
    ),
  );
}

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** The planned connections in the form of {@link stored}. */
  function planned(connections: readonly PlannedConnection[]): unknown[] {
    return connections
      .map(({ sensor, id, parent, offers }) => ({ sensor, id, parent, offers: [...offers].sort() }))
      .sort((a, b) => (`${a.sensor} ${a.id}` < `${b.sensor} ${b.id}` ? -1 : 1));
  }

  async function stored(schema: string): Promise<unknown[]> {
    return query(
      server.url,
      `SELECT sensor_name AS sensor, k.connection_id AS id, p.connection_id AS parent,
        ARRAY(SELECT offer_url FROM ${schema}.offers WHERE connection = c.connection ORDER BY offer_url COLLATE "C") AS offers
        FROM ${schema}.connections AS c JOIN ${schema}.sensors USING (sensor)
        JOIN ${schema}.ihandler_connections AS k ON k.connection = c.connection
        LEFT JOIN ${schema}.ihandler_connections AS p ON p.connection = c.connection_parent
        ORDER BY sensor_name || ' ' || k.connection_id COLLATE "C"`,
    );
  }

  /** Connections whose root is not that of their parent, or, without one, not themselves. */
  async function wrongRoots(schema: string): Promise<unknown[]> {
    return query(
      server.url,
      `SELECT c.connection FROM ${schema}.connections AS c
        LEFT JOIN ${schema}.connections AS p ON p.connection = c.connection_parent
        WHERE c.connection_root IS DISTINCT FROM coalesce(p.connection_root, c.connection)`,
    );
  }

  it('several hubs that write at once build the same forest as one, whatever is redelivered and in whatever order', async () => {
    const schema = freshSchema();
    const hubs = [
      await startHandler({ url: server.url, schema }),
      await startHandler({ url: server.url, schema }),
      await startHandler({ url: server.url, schema }),
    ];
    let forests = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = seededRandom(seed);
        const { connections, incidents } = randomForest(random);
        forests += 1;
        const name = (sensor: string) => `${sensor} of ${forests}`;
        const renamed = incidents.map((incident) =>
          Object.freeze({ ...incident, sensor: name(incident.sensor) }),
        );
        await Promise.all(
          share(renamed, hubs.length, random).map(async (own, hub) => {
            for (const batch of own) await write(hubs[hub] as StartedHandler, batch);
          }),
        );
        const expected = connections.map((each) => ({ ...each, sensor: name(each.sensor) }));
        const mine = (await stored(schema)).filter((row) =>
          expected.some(({ sensor }) => sensor === (row as { sensor: string }).sensor),
        );
        expect(mine).toEqual(planned(expected));
      }),
      { numRuns: 40 },
    );
    expect(await wrongRoots(schema)).toEqual([]);
    expect(await query(server.url, `SELECT * FROM ${schema}.ihandler_waiting WHERE NOT freed`)).toEqual([]);
  }, 120_000);

  it('several hubs that start at the same moment create the schema once', async () => {
    const schema = freshSchema();
    const hubs = await Promise.all(
      Array.from({ length: 4 }, () => startHandler({ url: server.url, schema })),
    );
    expect(
      await query(server.url, `SELECT version FROM ${schema}.ihandler_versions ORDER BY version`),
    ).toEqual(MIGRATIONS.map(({ version }) => ({ version })));
    const { incidents } = randomForest(seededRandom(7));
    await Promise.all(hubs.map((hub) => write(hub, incidents)));
    const other = freshSchema();
    const alone = await startHandler({ url: server.url, schema: other });
    await write(alone, incidents);
    const forest = (of: string) => canonicalForest(openAttackReader(`${server.url}?schema=${of}`));
    expect(await forest(schema)).toEqual(await forest(other));
  });
});
