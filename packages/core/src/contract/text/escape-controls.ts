// Control characters; format characters (among them bidirectional controls, zero-width characters and tags); line and
// paragraph separators; lone surrogates; and code points that Unicode reserves for such characters or once used for them.
export const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u180e\u202f\u2065\ufff0-\ufff8]/gu;

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
 * Makes text from an attacker safe for a terminal or a log line: replaces control, format and bidirectional characters and lone
 * surrogates by visible escapes such as `\\x1b`, so that the text stays in its line and cannot control the terminal.
 */
export function escapeControls(text: string): string {
  return text.replace(harmful, escapeOne);
}
