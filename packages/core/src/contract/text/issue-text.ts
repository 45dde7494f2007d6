const nouns: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping (name: value)',
  record: 'a mapping (name: value)',
  string: 'a text',
};

/** The part of a schema's issue that its text is made of. */
interface Issue {
  readonly message: string;
  /** Of a union: the issues of each of its members. */
  readonly errors?: readonly (readonly Issue[])[] | undefined;
}

const noun = (kind = ''): string => nouns[kind] ?? kind;
const units: Readonly<Record<string, string>> = { array: ' items', string: ' characters' };

function amount(limit: string, unit = ''): string {
  return limit === '1' ? `1${unit.replace(/s$/, '')}` : `${limit}${unit}`;
}

/** What any member of a union expects. */
function unionText(errors: readonly (readonly Issue[])[]): string {
  const texts = errors.flatMap(([first]) => (first === undefined ? [] : [issueText(first)]));
  const expected = [...new Set(texts)].filter((text) => text.startsWith('expected '));
  return expected.length === 0
    ? 'expected a value of another kind'
    : expected.map((text, index) => (index === 0 ? text : text.slice('expected '.length))).join(' or ');
}

/** The text of a schema's issue in plain words. Messages that a schema sets itself stay as they are. */
export function issueText({ message, errors }: Issue): string {
  const [, expected] = /^Invalid input: expected (\w+), received \w+$/.exec(message) ?? [];
  if (expected !== undefined) return `expected ${noun(expected)}`;
  const [, size, kind, limit] =
    /^Too (small|big): expected (\w+) to (?:be|have) [<>]=?(\S+)/.exec(message) ?? [];
  if (size !== undefined && kind !== undefined)
    return `expected ${noun(kind)} of at ${size === 'small' ? 'least' : 'most'} ${amount(limit ?? '', units[kind])}`;
  const [, choices] = /^Invalid (?:option|input): expected (?:one of )?(".*)$/.exec(message) ?? [];
  if (choices !== undefined) return `expected ${choices.replaceAll('|', ' or ')}`;
  if (message.startsWith('Invalid string: must match pattern')) return 'expected a text of another form';
  return message === 'Invalid input' ? unionText(errors ?? []) : message;
}
