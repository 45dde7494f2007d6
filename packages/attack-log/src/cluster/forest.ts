import type { Move, Place } from './cluster-state.ts';

/** What became of a link. `held`: the child has that parent already. */
export type LinkOutcome = 'linked' | 'held' | 'conflict' | 'cycle';

/** The parents and roots of rows, stored and new, while a batch goes through. */
export interface Forest {
  /** Plants a new root. */
  plant(row: number): void;
  parentOf(row: number): number | null;
  rootOf(row: number): number;
  /** Hangs a row under another, with everything under it. */
  link(parent: number, child: number): LinkOutcome;
  /** The links of rows that were stored before. */
  moves(): readonly Move[];
}

/**
 * A forest that goes on from stored places. Only roots are ever linked, so a link joins two whole trees: it would close a
 * circle just when both ends have the same root, and roots are found as in a union-find structure, without the ancestors.
 */
export function createForest(places: ReadonlyMap<number, Place>): Forest {
  const planted = new Set<number>();
  const parents = new Map<number, number>();
  /** A row to a row nearer to its root. A root has no entry. */
  const towardsRoot = new Map<number, number>();
  for (const [row, { parent, root }] of places) {
    if (parent !== null) parents.set(row, parent);
    if (root !== row) towardsRoot.set(row, root);
  }
  const moved: number[] = [];

  function rootOf(row: number): number {
    let root = row;
    for (let next = towardsRoot.get(root); next !== undefined; next = towardsRoot.get(root)) root = next;
    // The next look-up takes one step: without this a chain linked bottom-up would cost its length squared.
    for (let at = row; at !== root; ) {
      const next = towardsRoot.get(at) ?? root;
      towardsRoot.set(at, root);
      at = next;
    }
    return root;
  }

  return {
    plant(row) {
      planted.add(row);
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
      if (!planted.has(child)) moved.push(child);
      return 'linked';
    },
    moves: () =>
      moved.map((row) => ({ row, parent: parents.get(row) ?? row, root: rootOf(row), oldRoot: row })),
  };
}
