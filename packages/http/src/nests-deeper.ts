const QUOTE = 34;
const BACKSLASH = 92;

/** Whether a text has more than so many of a character. */
function hasMore(text: string, character: string, count: number): boolean {
  let at = -1;
  for (let found = 0; found <= count; found += 1) {
    at = text.indexOf(character, at + 1);
    if (at === -1) return false;
  }
  return true;
}

/** Whether a JSON text nests deeper than so many levels; found without parsing it, since parsing is what the depth hurts. */
export function nestsDeeper(text: string, levels: number): boolean {
  // Most texts have not as many brackets in all, and that is found much faster.
  if (!hasMore(text, '{', levels >> 1) && !hasMore(text, '[', levels >> 1)) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    // "[" and "{", "]" and "}" differ in one bit each.
    else if ((code | 32) === 123) {
      depth += 1;
      if (depth > levels) return true;
    } else if ((code | 32) === 125) depth -= 1;
  }
  return false;
}
