import type { CatalogueMap } from '@ihandler/core';
import { connectionExamples } from './connections.ts';
import { fileExamples } from './files.ts';
import { serviceExamples } from './services.ts';
import { sipExamples } from './sip.ts';

/** Data for one incident of every origin of the catalogue, which fits. Addresses and names are from the ranges for documentation. */
export const examples: CatalogueMap = {
  ...connectionExamples,
  ...fileExamples,
  ...serviceExamples,
  ...sipExamples,
};
