import { join } from 'node:path';
import { advance, type Incident, type Value } from '@ihandler/core';
import { createDurableHost, until } from '@ihandler/testkit';
import dionaea from '../index.ts';
import dionaeaDatabase from '../live-database/source.ts';
import { temporaryFolder } from './folder.ts';
import { runSource } from './run-source.ts';

/** A database, a live host and imports that share a data folder; `rows` are the rows that a store has, by their ids. */
export function databaseWorld() {
  const folder = temporaryFolder();
  const file = join(folder, 'dionaea.sqlite');
  const rows = new Map<string, string>();
  let imported: Value | undefined;
  const checkpoint: Record<string, number> = {};
  let passes = 0;
  const host = createDurableHost({
    otherStates: () => (imported === undefined ? [] : [imported]),
    progress: () => {
      passes += 1;
    },
  });
  const warnings: string[] = [];

  function store(incidents: readonly Incident[]): number {
    let added = 0;
    for (const incident of incidents) {
      const { id, origin, data } = incident;
      advance(checkpoint, incident);
      // A store keeps its rows.
      if (rows.has(id)) continue;
      added += 1;
      const connection = data['connection'] as { readonly remote?: unknown } | undefined;
      rows.set(id, JSON.stringify([origin, connection?.remote, data['url']]));
    }
    return added;
  }
  return {
    file,
    host,
    beside: (name: string) => join(folder, name),
    warnings,
    /** Imports a database; returns how many rows were stored. */
    async import(path = file): Promise<number> {
      const others = () => [host.state()].filter((state) => state !== undefined);
      const output = await runSource(
        dionaea({ file: path }),
        checkpoint,
        () => ({ otherStates: others }),
        imported,
      );
      imported = output.state;
      warnings.push(...output.warnings);
      return store(output.incidents);
    },
    /** Follows the database until it is idle; returns how many rows were stored. */
    async follow(): Promise<number> {
      const before = host.incidents.length;
      passes = 0;
      const { stop } = host.run(dionaeaDatabase({ file, poll: '1ms' }));
      await until(() => passes > 0, 'the database was read');
      await new Promise((resolve) => setTimeout(resolve, 30));
      await stop();
      return store(host.incidents.slice(before));
    },
    /** All rows that are stored. */
    all: () => [...rows.values()],
    /** The rows that are stored twice. */
    twice: () => [...rows.values()].filter((row, index, all) => all.indexOf(row) !== index),
    stored: () => rows.size,
  };
}
