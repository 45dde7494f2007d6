const nouns: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping (name: value)',
  record: 'a mapping (name: value)',
  string: 'a text',
};

const noun = (kind = ''): string => nouns[kind] ?? kind;
const units: Readonly<Record<string, string>> = { array: ' items', string: ' characters' };

/** The text of a schema's issue in plain words. Messages that a schema sets itself stay as they are. */
export function issueText(message: string): string {
  const [, expected] = /^Invalid input: expected (\w+), received \w+$/.exec(message) ?? [];
  if (expected !== undefined) return `expected ${noun(expected)}`;
  const [, size, kind, limit] =
    /^Too (small|big): expected (\w+) to (?:be|have) [<>]=?(\S+)/.exec(message) ?? [];
  if (size !== undefined && kind !== undefined)
    return `expected ${noun(kind)} of at ${size === 'small' ? 'least' : 'most'} ${limit}${units[kind] ?? ''}`;
  const [, choices] = /^Invalid (?:option|input): expected (?:one of )?(".*)$/.exec(message) ?? [];
  if (choices !== undefined) return `expected ${choices.replaceAll('|', ' or ')}`;
  if (message.startsWith('Invalid string: must match pattern')) return 'expected a text of another form';
  return message === 'Invalid input' ? 'expected a value of another kind' : message;
}
