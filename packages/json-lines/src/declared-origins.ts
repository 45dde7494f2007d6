import type { OriginDeclaration, OriginsFile, RoleMappings } from '@ihandler/core';
import type { Mapping } from './mapping.ts';

/** What a mapping declares about the origins of its lines. Any data fits: the lines stay as the sensor wrote them. */
export function declaredOrigins(mappings: readonly Mapping[]): OriginsFile {
  const origins: Record<string, OriginDeclaration> = {};
  for (const mapping of mappings)
    for (const [origin, { level, description, roles, closes }] of Object.entries(mapping.origins))
      origins[origin] = {
        level,
        description,
        schema: { type: 'object' },
        // Safe: roles and facts that core does not know are left out when they are compiled.
        roles: {
          ...roles,
          ...(closes && { 'connection.close': roles['connection.close'] ?? {} }),
        } as RoleMappings,
      };
  return { origins };
}
