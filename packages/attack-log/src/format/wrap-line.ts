// A style as `styleText` writes it has no width.
const pieces = /\u001b\[[0-9;]*m|[\s\S]/gu;

/**
 * Wraps a line that is wider than `room` characters: after a blank if one is near, else anywhere, since URLs have no blanks.
 * Styles have no width and end with their line.
 */
export function wrapLine(line: string, room: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  let width = 0;
  let blank: { readonly at: number; readonly width: number } | undefined;
  let isColored = false;

  function end(upTo: number): void {
    lines.push(current.slice(0, upTo).trimEnd() + (isColored ? '\u001b[0m' : ''));
    current = current.slice(upTo);
  }

  for (const [piece] of line.matchAll(pieces)) {
    if (piece.length > 1 && piece.startsWith('\u001b')) {
      isColored = true;
      current += piece;
      continue;
    }
    if (width >= room) {
      const isNear = blank !== undefined && blank.width > room * 0.6;
      const upTo = isNear && blank !== undefined ? blank.at : current.length;
      width -= isNear && blank !== undefined ? blank.width : width;
      end(upTo);
      blank = undefined;
    }
    current += piece;
    width += 1;
    if (piece === ' ') blank = { at: current.length, width };
  }
  return [...lines, current];
}
