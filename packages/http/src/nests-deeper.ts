const QUOTE = 34;
const BACKSLASH = 92;

/** Whether a text holds a character more than `count` times. */
function occursMoreThan(text: string, character: string, count: number): boolean {
  let at = -1;
  for (let seen = 0; seen <= count; seen += 1) {
    at = text.indexOf(character, at + 1);
    if (at === -1) return false;
  }
  return true;
}

/** Whether a JSON text nests deeper than `levels`. Does not parse the text, since parsing is what depth makes expensive. */
export function nestsDeeper(text: string, levels: number): boolean {
  // Most texts hold too few brackets to nest that deep, and counting them is much faster.
  if (!occursMoreThan(text, '{', levels >> 1) && !occursMoreThan(text, '[', levels >> 1)) return false;
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
