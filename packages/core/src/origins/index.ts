// For packages that declare origins, and for programs that read what packages declare.
export type { Definitions, JsonSchema } from '../contract/meaning/json-schema.ts';
export { ROLES } from '../contract/meaning/roles.ts';
export { compileSelector } from '../routing/selector.ts';
export { createOrigins, type DeclaredOrigins, type OriginRegistry } from './create-origins.ts';
export {
  type DataOf,
  defineOrigins,
  type OriginDefinition,
  type OriginDefinitions,
  type OriginMap,
} from './declare/define-origins.ts';
export { describeOrigins, type SharedValue } from './declare/describe-origins.ts';
export {
  anyList,
  anyRecord,
  bytes,
  connection,
  flag,
  loose,
  maybeNumeral,
  maybeString,
  numeral,
  ofConnection,
  text,
} from './declare/values.ts';
export { compileSource, type Find, textOf } from './find-value.ts';
export { ownOrigins } from './own-origins.ts';
export { roleIn } from './role-listener.ts';
