import type { CatalogueMap } from '@ihandler/core';
import { connectionExamples } from './connections.ts';
import { fileExamples } from './files.ts';
import { serviceExamples } from './services.ts';
import { sipExamples } from './sip.ts';

/** Data that fits, for each origin of the catalogue. Addresses and names are from the ranges reserved for documentation. */
export const examples: CatalogueMap = {
  ...connectionExamples,
  ...fileExamples,
  ...serviceExamples,
  ...sipExamples,
};
