import { type AttackReader, type ConnectionNode, ROW_TABLES, type StoredValue } from '@ihandler/attack-log';

/** Columns with keys, which differ between databases. */
const keys: ReadonlySet<string> = new Set([
  ...Object.values(ROW_TABLES).map(([key]) => key),
  'connection_root',
  'connection_parent',
  'resolve',
]);

const times = /_timestamp$/;

function text(column: string, value: StoredValue | undefined): string | null {
  // An unknown address is NULL in one database and empty in the other.
  if (value === null || value === undefined || (value === '' && column.endsWith('_host'))) return null;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  // PostgreSQL stores microseconds.
  return times.test(column) ? String(Math.round(Number(value) * 1e6)) : String(value);
}

/** A row of any database, with its keys, in a comparable form. */
export function comparableRow(
  row: Readonly<Record<string, StoredValue>>,
): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, text(column, value)]));
}

/** A value of any depth without its keys. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Map) return [...value].map(canonical);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([column]) => !keys.has(column))
      .map(([column, inner]: [string, unknown]) => [
        column,
        // Safe: a value in a row that is not an object is a stored value.
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
 * All attacks of a database with their details, in a form that is equal for databases with equal content: without keys, with
 * times in microseconds, in an order that does not depend on the order of arrival.
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
