import { toUSVString } from 'node:util';
import type { Database } from 'better-sqlite3';

/** Makes a function that returns the number of a sensor, and adds it to the table of sensors if it is new. */
export function createSensorNumbers(database: Database): (name: string) => number {
  const find = database.prepare('SELECT sensor FROM ihandler_sensors WHERE sensor_name = ?').pluck();
  const add = database.prepare('INSERT INTO ihandler_sensors (sensor_name) VALUES (?)');
  return (name) => {
    const stored = toUSVString(name);
    const known: unknown = find.get(stored);
    return typeof known === 'number' ? known : Number(add.run(stored).lastInsertRowid);
  };
}
