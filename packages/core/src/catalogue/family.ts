import type { z } from 'zod';
import type { Level } from '../contract/log.ts';
import type { RoleMappings } from '../contract/meaning/origins.ts';

/** The declaration of an origin, in the catalogue or in the package that reports it. */
export interface CatalogueEntry {
  /** The schema of its data. Must allow further keys: newer sensors and packages add some. */
  readonly schema: z.ZodType;
  /** Its default severity. Readers that lack the declaration use `info`. */
  readonly level: Level;
  /** What happened, in a sentence or two, for the page of incidents. */
  readonly description: string;
  /** What it means. @default it has no role */
  readonly roles?: RoleMappings;
}

/** Origins that belong together, with their declarations. */
export type Family = Readonly<Record<string, CatalogueEntry>>;
