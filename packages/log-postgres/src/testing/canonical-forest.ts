import { type AttackReader, type ConnectionNode, type StoredValue, TABLES } from '@ihandler/attack-log';

/** Keys differ from database to database, and so does who else is in it. */
const keys: ReadonlySet<string> = new Set([
  ...Object.values(TABLES).map(([key]) => key),
  'connection_root',
  'connection_parent',
  'resolve',
]);

const times = /_timestamp$/;

function text(column: string, value: StoredValue | undefined): string | null {
  // An address that is not known is NULL in one database and empty in the other.
  if (value === null || value === undefined || (value === '' && column.endsWith('_host'))) return null;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  // PostgreSQL keeps microseconds.
  return times.test(column) ? String(Math.round(Number(value) * 1e6)) : String(value);
}

/** A row of any database, keys included, in a form that can be compared. */
export function comparableRow(
  row: Readonly<Record<string, StoredValue>>,
): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, text(column, value)]));
}

/** A value of any depth without keys, every list of connections in an order of its own. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Map) return [...value].map(canonical);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([column]) => !keys.has(column))
      .map(([column, inner]: [string, unknown]) => [
        column,
        // Safe: what is no object in a row is a stored value.
        typeof inner === 'object' && inner !== null && !(inner instanceof Uint8Array)
          ? canonical(inner)
          : text(column, inner as StoredValue | undefined),
      ])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}

function sorted(values: unknown[]): unknown[] {
  const texts = new Map(values.map((value) => [value, JSON.stringify(value)]));
  return values.sort((a, b) => ((texts.get(a) ?? '') < (texts.get(b) ?? '') ? -1 : 1));
}

function canonicalNode({ row, details, children }: ConnectionNode): unknown {
  return {
    row: canonical(row),
    details: Object.entries(details).map(([name, rows]: [string, unknown]) => [name, canonical(rows)]),
    children: sorted(children.map(canonicalNode)),
  };
}

/**
 * All attacks of a database with all that hangs on them, in a form that is the same for any database that holds the same:
 * without keys, times in microseconds, in an order that does not depend on that of arrival.
 */
export async function canonicalForest(reader: AttackReader): Promise<readonly unknown[]> {
  const attacks: unknown[] = [];
  try {
    for await (const attack of reader.attacks()) attacks.push(canonicalNode(attack));
  } finally {
    await reader.close();
  }
  return sorted(attacks);
}
