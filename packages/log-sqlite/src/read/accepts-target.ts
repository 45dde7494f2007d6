/**
 * Whether a target may be a SQLite database, gzipped or not: everything but a URL. So the message for a target that is none comes from
 * opening it, which knows the kind of the file.
 */
export function acceptsTarget(target: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(target);
}
