/** A format of files that is not lines of UTF-8 text, and how to make such lines of it. */
export interface ForeignFormat {
  /** For people, such as `xz data`. */
  readonly name: string;
  /** The command that makes lines of text; `FILE` stands for the path. */
  readonly command: string;
}

const signatures: readonly (readonly [bytes: readonly number[], format: ForeignFormat])[] = [
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], { name: 'xz data', command: 'xz -dc FILE > FILE.txt' }],
  [[0x28, 0xb5, 0x2f, 0xfd], { name: 'zstd data', command: 'zstd -dc FILE > FILE.txt' }],
  [[0x42, 0x5a, 0x68], { name: 'bzip2 data', command: 'bzip2 -dc FILE > FILE.txt' }],
  [[0x50, 0x4b, 0x03, 0x04], { name: 'a ZIP file', command: 'unzip -p FILE > FILE.txt' }],
];
const utf16 = { name: 'UTF-16 text', command: 'iconv -f UTF-16 -t UTF-8 FILE > FILE.txt' };
const utf16Without = (order: 'LE' | 'BE'): ForeignFormat => ({
  name: `UTF-16 text`,
  command: `iconv -f UTF-16${order} -t UTF-8 FILE > FILE.txt`,
});

/** UTF-16 without a byte order mark: every other byte of its ASCII characters is 0. */
function utf16Order(head: Uint8Array): 'LE' | 'BE' | undefined {
  const start = head.subarray(0, 64);
  if (start.length < 4) return undefined;
  const isText = (offset: number) => start.every((byte, at) => (at % 2 === offset ? byte !== 0 : byte === 0));
  if (isText(0)) return 'LE';
  return isText(1) ? 'BE' : undefined;
}

/** The format of a file, by its first bytes, when it is a known one that does not hold lines of UTF-8 text. */
export function foreignFormat(head: Uint8Array): ForeignFormat | undefined {
  const found = signatures.find(([bytes]) => bytes.every((byte, index) => head[index] === byte));
  if (found !== undefined) return found[1];
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return utf16;
  const order = utf16Order(head);
  if (order !== undefined) return utf16Without(order);
  const text = new TextDecoder().decode(head.subarray(0, 256)).trimStart();
  if (/^\[\s*[{[]/.test(text)) return { name: 'a JSON array', command: "jq -c '.[]' FILE > FILE.txt" };
  return undefined;
}
