import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/identifiers.ts';
import { storableText } from './fit.ts';

/** The table of sensors. */
export interface SensorTable {
  /** Finds or creates the numbers of sensors. Outside of a transaction, so that hubs do not wait for each other. */
  numbers(client: Client, names: Iterable<string>): Promise<ReadonlyMap<string, number>>;
  /** Clears the cache, because the table may have lost sensors. */
  clearCache(): void;
}

const MOST = 50_000;

/** Prepares the statements. */
export function createSensorTable(schema: string): SensorTable {
  const cache = new Map<string, number>();
  const table = `${quoted(schema)}.sensors`;

  async function find(client: Client, names: readonly string[]): Promise<void> {
    const texts = arrayLiteral(names.map(storableText));
    const found = await client.query<{ sensor: number; i: string }>({
      name: 'find sensors',
      text: `SELECT sensor, i FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, i)
        JOIN ${table} ON md5(sensor_name) = md5(name) AND sensor_name = name`,
      values: [texts],
    });
    for (const { sensor, i } of found.rows) cache.set(names[Number(i) - 1] ?? '', sensor);
  }

  return {
    async numbers(client, names) {
      if (cache.size > MOST) cache.clear();
      const wanted = [...new Set(names)];
      const unknown = () => wanted.filter((name) => !cache.has(name));
      if (unknown().length > 0) await find(client, unknown());
      const missing = unknown();
      if (missing.length > 0) {
        await client.query({
          name: 'add sensors',
          text: `INSERT INTO ${table} (sensor_name) SELECT DISTINCT name FROM unnest($1::text[]) AS name
            ORDER BY name ON CONFLICT ((md5(sensor_name))) DO NOTHING`,
          values: [arrayLiteral(missing.map(storableText))],
        });
        await find(client, missing);
      }
      return cache;
    },
    clearCache: () => cache.clear(),
  };
}
