/** Says why data does not fit the schema of its origin, or undefined when it fits or the origin has no schema. */
export function misfitOf(_origin: string, _data: object): string | undefined {
  return undefined;
}
