import type { ConnectionDetails, ConnectionNode, StoredRow } from './attack.ts';

/** How many attacks a reader loads together. */
export const ATTACKS_PER_PAGE = 50;

/** How many connections one query asks for. */
const CONNECTIONS_PER_QUERY = 1000;

/** Cuts keys into lists that are short enough for one query. */
export function* chunksOf<T>(keys: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < keys.length; at += CONNECTIONS_PER_QUERY)
    yield keys.slice(at, at + CONNECTIONS_PER_QUERY);
}

/** A connection with its details, before it has its place in a tree. */
export interface LoadedConnection {
  readonly row: StoredRow;
  readonly details: ConnectionDetails;
}

/**
 * Assembles attacks from all their connections, in the order of `roots`. The children of a connection keep the order of
 * `loaded`. A connection whose parent is missing hangs under its root.
 */
export function assembleAttacks(
  roots: readonly number[],
  loaded: Iterable<LoadedConnection>,
): ConnectionNode[] {
  const nodes = new Map<number, ConnectionNode & { readonly children: ConnectionNode[] }>();
  for (const { row, details } of loaded) nodes.set(Number(row['connection']), { row, details, children: [] });
  const isRoot = new Set(roots);
  for (const [connection, node] of nodes) {
    if (isRoot.has(connection)) continue;
    const { connection_parent: parent, connection_root: root } = node.row;
    (nodes.get(Number(parent)) ?? nodes.get(Number(root)))?.children.push(node);
  }
  return roots.flatMap((root) => nodes.get(root) ?? []);
}
