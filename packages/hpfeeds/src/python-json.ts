/**
 * Encodes JSON as Python's `json.dumps` does: a space after each comma and colon, and ASCII only. Existing readers of
 * dionaea's channels have never received another form.
 */
export function pythonJson(record: Readonly<Record<string, string | number>>): string {
  const members = Object.entries(record).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return `{${members.join(', ')}}`.replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
