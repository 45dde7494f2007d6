// Control characters; format characters, bidirectional controls, zero-width ones and tags among them; line and paragraph
// separators; lone surrogates; and code points that are reserved for more of these or were such once.
const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u180e\u202f\u2065\ufff0-\ufff8]/gu;

function escapeOne(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * Text that an attacker wrote, made safe for a terminal or a log line: control, format and bidirectional characters and
 * lone surrogates become visible escapes, so that it stays on its line and moves no cursor.
 */
export function escapeControls(text: string): string {
  return text.replace(harmful, escapeOne);
}
