import { readFileSync } from 'node:fs';
import { type Heard, readPublish } from '@ihandler/hpfeeds/testing';

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** What the recording of a real dionaea's frames says, which are written as Python writes bytes. */
export function recordedFrames(): readonly Heard[] {
  const file = new URL('../recordings/dionaea-c/hpfeeds-frames.txt', import.meta.url);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('op=3'))
    .map((line) => {
      const written = line.slice(line.indexOf("b'") + 2, -1);
      const bytes = Buffer.from(
        written.replace(/\\x([0-9a-f]{2})|\\(.)/g, (_, hex: string | undefined, plain = '') =>
          hex === undefined ? (escapes.get(plain) ?? plain) : String.fromCharCode(Number.parseInt(hex, 16)),
        ),
        'latin1',
      );
      const { channel, message } = readPublish(bytes);
      return { channel, text: message.toString() };
    });
}
