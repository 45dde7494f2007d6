import type { JournalDamage } from '@ihandler/core';

/** What became of a damaged journal. */
export type DamageReport = JournalDamage;
