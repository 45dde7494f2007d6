/**
 * Removes the name from a uuid, which the fork of dionaea writes as `<uuid> (NAME)`: dionaea's tables and existing queries
 * use the bare uuid. Other values are returned unchanged.
 */
export function stripUuid(uuid: unknown): unknown {
  return typeof uuid === 'string' && uuid.startsWith(' (', 36) && uuid.endsWith(')')
    ? uuid.slice(0, 36)
    : uuid;
}
