import { styleText } from 'node:util';

const names = ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const;

/** Styles of terminal text, by name. Each expects text without control characters. */
export type Styles = Readonly<Record<(typeof names)[number], (text: string) => string>>;

function stylesWith(apply: (name: (typeof names)[number]) => (text: string) => string): Styles {
  // Every name becomes a property; the line below is the whole of it.
  return Object.fromEntries(names.map((name) => [name, apply(name)])) as Styles;
}

// Whether the terminal supports colour was decided by the caller; the streams of this process may be others.
const withColor = stylesWith(
  (name) => (text) => (text === '' ? '' : styleText(name, text, { validateStream: false })),
);
const withoutColor = stylesWith(() => (text) => text);

/** ANSI styles, or styles that leave the text as it is. */
export function stylesFor(color: boolean): Styles {
  return color ? withColor : withoutColor;
}
