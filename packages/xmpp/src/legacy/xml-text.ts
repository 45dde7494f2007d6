const notInXml = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const notInXmlButInJson = /[\x7f-\x9f\ufffe\uffff]/g;

/** A text as XML can carry it (https://www.w3.org/TR/xml/#charsets): what it cannot is U+FFFD. Bytes are read as UTF-8. */
export function xmlText(value: unknown): string {
  const text = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
    : value === null || value === undefined
      ? ''
      : String(value);
  return text.replace(notInXml, '\ufffd');
}

/** JSON as XML can carry it: JSON has a way to write every character in ASCII. */
export function xmlJson(json: string): string {
  return json.replace(
    notInXmlButInJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
