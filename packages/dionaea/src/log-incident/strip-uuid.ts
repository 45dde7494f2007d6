/**
 * Takes the name off a uuid, which the fork writes as `<uuid> (NAME)`: dionaea's tables and everybody's queries know the
 * bare one. Anything else stays as it is.
 */
export function stripUuid(uuid: unknown): unknown {
  return typeof uuid === 'string' && uuid.startsWith(' (', 36) && uuid.endsWith(')')
    ? uuid.slice(0, 36)
    : uuid;
}
