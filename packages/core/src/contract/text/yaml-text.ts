/** An error of a YAML parser: its code and message are those of the library `yaml`. */
interface YamlError {
  readonly code?: string;
  readonly message: string;
}

/** By code; a function chooses by the message. */
const texts: Readonly<Record<string, string | ((message: string) => string)>> = {
  BAD_ALIAS: 'a value that begins with "*" or "&" refers to another one: put a text in quotes',
  BAD_COLLECTION_TYPE: 'this tag ("!") does not fit its value: leave it out',
  BAD_DIRECTIVE: 'a line that begins with "%" is a directive of YAML: put a text in quotes',
  BAD_DQ_ESCAPE: 'this backslash begins no known escape: write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: (message) =>
    message.startsWith('Flow')
      ? missing(message)
      : 'the indentation does not fit: compare it with the lines above',
  BAD_SCALAR_START: 'a value that begins with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'the indentation does not fit the lines above, or a value contains ": ": indent by two spaces a level, and put such a value in quotes',
  BLOCK_IN_FLOW: 'inside [ ] or { } values are separated by commas, not by lines with "- "',
  DUPLICATE_KEY: 'this name was given before: keep one of the two',
  MISSING_CHAR: missing,
  MULTILINE_IMPLICIT_KEY: 'expected "name: value" on one line, with a space behind the colon',
  MULTIPLE_ANCHORS: 'a value that begins with "&" is an anchor: put a text in quotes',
  MULTIPLE_DOCS: 'a second document begins at "---": expected one in a file',
  MULTIPLE_TAGS: 'a value that begins with "!" is a tag: put a text in quotes',
  RESOURCE_EXHAUSTION: 'lists and mappings are nested too deeply',
  TAB_AS_INDENT: 'a tab indents this line: use spaces',
  TAG_RESOLVE_FAILED: 'a value that begins with "!" is a tag, and this one is unknown: put a text in quotes',
};

function missing(message: string): string {
  const [, quote] = /closing (["'])quote/.exec(message) ?? [];
  if (quote !== undefined) return `a text that begins with ${quote} does not end: add the closing ${quote}`;
  if (message.startsWith('Comments must be')) return 'a comment needs a space before its "#"';
  if (message.includes('directives-end')) return 'a line that begins with "%" must be in quotes';
  if (message.includes('without - indicator')) return 'expected an item of a list, which begins with "- "';
  if (/[Ff]low|\[|\{|,/.test(message))
    return 'a comma, a closing bracket or a closing brace is missing, or the text above it is not in quotes';
  return 'expected "name: value", with a space behind the colon';
}

/** An error of a YAML parser in plain words, with what to do. */
export function yamlText({ code = '', message }: YamlError): string {
  const text =
    texts[code] ?? 'this character is unexpected here: check the quotes, commas and brackets around it';
  return typeof text === 'string' ? text : text(message);
}
