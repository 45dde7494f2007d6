/**
 * Breaks a line between words to fit a terminal; further lines are indented by `indent` blanks. A word that is longer than a
 * line stays whole, so that it can be copied. Without columns, the line stays as it is.
 */
export function wrapText(line: string, indent: number, columns: number | undefined): string {
  if (columns === undefined || line.length < columns) return line;
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let current = '';
  for (const word of line.slice(indent).split(' ')) {
    if (current !== '' && indent + current.length + 1 + word.length >= columns) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  lines.push(current);
  return line.slice(0, indent) + lines.join(`\n${margin}`);
}
