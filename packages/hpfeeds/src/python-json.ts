/**
 * JSON as Python's `json.dumps` writes it: a blank after each comma and colon, and nothing but ASCII. Existing readers of
 * dionaea's channels have only ever seen this form.
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
