import type { StandardSchemaV1 } from '@standard-schema/spec';

/** A synchronous schema of any validation library that implements Standard Schema (https://standardschema.dev), such as zod. */
export type Schema = StandardSchemaV1;
