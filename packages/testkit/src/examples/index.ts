import type { UntypedData } from '@ihandler/core';
import { connectionExamples } from './connections.ts';
import { fileExamples } from './files.ts';
import { serviceExamples } from './services.ts';
import { sipExamples } from './sip.ts';

/** Data that fits, for each origin of dionaea. Addresses and names are from the ranges reserved for documentation. */
export const examples: Readonly<Record<string, UntypedData>> = {
  ...connectionExamples,
  ...fileExamples,
  ...serviceExamples,
  ...sipExamples,
};
