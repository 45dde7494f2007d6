import type { z } from 'zod';
import type { Level } from '../contract/log.ts';

/** What the catalogue says of an origin. */
export interface CatalogueEntry {
  /** What its data must be. Keys it does not name pass. */
  readonly schema: z.ZodType;
  /** How severe it is unless an operator says otherwise. */
  readonly level: Level;
  /** What happened, in one sentence. */
  readonly description: string;
}

/** Origins that belong together, with what the catalogue says of them. */
export type Family = Readonly<Record<string, CatalogueEntry>>;
