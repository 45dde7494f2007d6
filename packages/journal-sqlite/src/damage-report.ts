/** What became of a damaged journal. */
export interface DamageReport {
  /** Where it lies now, with its log beside it. */
  readonly setAside: string;
  /** What is wrong with it, for people. */
  readonly problem: string;
  /** How many entries could still be read: they are in the new journal, at the same positions. */
  readonly readable: number;
  /** How many positions are known to have held entries that could not be read: lanes that waited for them count them as lost. */
  readonly lost: number;
}
