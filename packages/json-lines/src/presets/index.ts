import { type Mapping, type MappingInput, mappingSchema } from '../mapping.ts';
import { adbhoney } from './adbhoney.ts';
import { conpot } from './conpot.ts';
import { opencanary } from './opencanary.ts';

const inputs: readonly MappingInput[] = [adbhoney, conpot, opencanary];

/** The mappings that come with the package, by name. */
export const presets: ReadonlyMap<string, Mapping> = new Map(
  inputs.map((input) => [input.name, mappingSchema.parse(input)]),
);
