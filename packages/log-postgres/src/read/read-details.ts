import { type ConnectionDetails, gatherDetails, type LookupNames, type RowQuery } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { selectRows } from './select-rows.ts';
import type { Restore } from './unfit-values.ts';

/** Reads the details of many connections at once. `version` is that of the tables. */
export async function readDetails(
  client: Client,
  schema: string,
  version: number,
  names: LookupNames,
  restore: Restore,
  connections: readonly number[],
): Promise<(connection: number) => ConnectionDetails> {
  const find = async (query: RowQuery) =>
    restore(query.table, await selectRows(client, schema, version, query));
  const gathering = gatherDetails(connections, names);
  let step = gathering.next();
  while (!step.done) step = gathering.next(await Promise.all(step.value.map(find)));
  return step.value;
}
