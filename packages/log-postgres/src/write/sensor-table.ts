import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/schema.ts';
import { storableText } from './fit.ts';

/** The numbers of sensors. */
export interface SensorTable {
  /** Finds or makes them, outside of a transaction: so that no two hubs wait for each other because of a new sensor. */
  numbers(client: Client, names: Iterable<string>): Promise<ReadonlyMap<string, number>>;
  /** Forgets what it remembers, because somebody may have taken sensors out of the table. */
  forget(): void;
}

const MOST = 50_000;

/** Prepares the statements. */
export function createSensorTable(schema: string): SensorTable {
  const remembered = new Map<string, number>();
  const table = `${quoted(schema)}.sensors`;

  async function find(client: Client, names: readonly string[]): Promise<void> {
    const texts = arrayLiteral(names.map(storableText));
    const found = await client.query<{ sensor: number; i: string }>({
      name: 'find sensors',
      text: `SELECT sensor, i FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, i)
        JOIN ${table} ON md5(sensor_name) = md5(name) AND sensor_name = name`,
      values: [texts],
    });
    for (const { sensor, i } of found.rows) remembered.set(names[Number(i) - 1] ?? '', sensor);
  }

  return {
    async numbers(client, names) {
      if (remembered.size > MOST) remembered.clear();
      const wanted = [...new Set(names)];
      const unknown = () => wanted.filter((name) => !remembered.has(name));
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
      return remembered;
    },
    forget: () => remembered.clear(),
  };
}
