// C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width and other format characters, lone surrogates.
const harmful =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

function escapeOne(character: string): string {
  const code = character.charCodeAt(0);
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * Text that an attacker wrote, made safe for a terminal or a log line: control, format and bidirectional characters and
 * lone surrogates become visible escapes, so that it stays on its line and moves no cursor.
 */
export function harmless(text: string): string {
  return text.replace(harmful, escapeOne);
}
