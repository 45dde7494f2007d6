import type { Move, Place } from './cluster-state.ts';

/** The outcome of a link. `held`: the child already had that parent. */
export type LinkOutcome = 'linked' | 'held' | 'conflict' | 'cycle';

/** The parents and roots of stored and new rows, while a batch is processed. */
export interface Forest {
  /** Adds a new row as a root. */
  addRoot(row: number): void;
  parentOf(row: number): number | null;
  rootOf(row: number): number;
  /** Puts a row, with everything under it, under another. */
  link(parent: number, child: number): LinkOutcome;
  /** The moves of rows that were stored before. */
  moves(): readonly Move[];
}

/**
 * Creates a forest that starts with the stored places. Only roots are ever linked, so a link joins two whole trees: it would
 * form a cycle exactly when both ends have the same root. Roots are found with union-find, without loading the ancestors.
 */
export function createForest(places: ReadonlyMap<number, Place>): Forest {
  const added = new Set<number>();
  const parents = new Map<number, number>();
  /** Maps a row to one nearer to its root. Roots are missing. */
  const towardsRoot = new Map<number, number>();
  for (const [row, { parent, root }] of places) {
    if (parent !== null) parents.set(row, parent);
    if (root !== row) towardsRoot.set(row, root);
  }
  const moved: number[] = [];

  function rootOf(row: number): number {
    let root = row;
    for (let next = towardsRoot.get(root); next !== undefined; next = towardsRoot.get(root)) root = next;
    // Path compression: without it, a chain linked bottom-up would take quadratic time.
    for (let at = row; at !== root; ) {
      const next = towardsRoot.get(at) ?? root;
      towardsRoot.set(at, root);
      at = next;
    }
    return root;
  }

  return {
    addRoot(row) {
      added.add(row);
    },
    parentOf: (row) => parents.get(row) ?? null,
    rootOf,
    link(parent, child) {
      const held = parents.get(child);
      if (held !== undefined) return held === parent ? 'held' : 'conflict';
      const root = rootOf(parent);
      if (root === child) return 'cycle';
      parents.set(child, parent);
      towardsRoot.set(child, root);
      if (!added.has(child)) moved.push(child);
      return 'linked';
    },
    moves: () =>
      moved.map((row) => ({ row, parent: parents.get(row) ?? row, root: rootOf(row), oldRoot: row })),
  };
}
