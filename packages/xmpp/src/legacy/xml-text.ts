const notInXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const notInXmlButInJson = /[\x7f-\x9f\ufffe\uffff]/g;

/** Replaces characters that XML cannot contain (https://www.w3.org/TR/xml/#charsets) by U+FFFD. Bytes are read as UTF-8. */
export function xmlText(value: unknown): string {
  const text = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
    : value === null || value === undefined
      ? ''
      : String(value);
  return text.replace(notInXml, '\ufffd');
}

/** Escapes the characters of JSON that XML cannot contain. */
export function xmlJson(json: string): string {
  return json.replace(
    notInXmlButInJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
