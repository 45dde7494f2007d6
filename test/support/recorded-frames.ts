import { readFileSync } from 'node:fs';
import { type ReceivedMessage, readPublish } from '@ihandler/hpfeeds/testing';

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** The messages in the recording of a real dionaea. The recording has frames in the form in which Python prints bytes. */
export function recordedFrames(): readonly ReceivedMessage[] {
  const file = new URL('../recordings/dionaea-c/hpfeeds-frames.txt', import.meta.url);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('op=3'))
    .map((line) => {
      const literal = line.slice(line.indexOf("b'") + 2, -1);
      const bytes = Buffer.from(
        literal.replace(/\\x([0-9a-f]{2})|\\(.)/g, (_, hex: string | undefined, plain = '') =>
          hex === undefined ? (escapes.get(plain) ?? plain) : String.fromCharCode(Number.parseInt(hex, 16)),
        ),
        'latin1',
      );
      const { channel, message } = readPublish(bytes);
      return { channel, text: message.toString() };
    });
}
