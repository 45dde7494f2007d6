import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { authFrame, createFrameReader, OP, readPublish, subscribeFrame, takeName } from '../frame.ts';

/** A message as it came. */
export interface Heard {
  readonly channel: string;
  readonly text: string;
}

/** Listens to channels with nothing but a socket. */
export async function listen(port: number, channels: readonly string[]): Promise<Heard[]> {
  const heard: Heard[] = [];
  const frames = createFrameReader();
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      for (const { op, payload } of frames.push(chunk)) {
        if (op === OP.info) {
          socket.write(authFrame('hub', takeName(payload).rest, 'two'));
          for (const channel of channels) socket.write(subscribeFrame('hub', channel));
          setTimeout(resolve, 100);
        } else if (op === OP.publish) {
          const { channel, message } = readPublish(payload);
          heard.push({ channel, text: message.toString() });
        }
      }
    });
  });
  return heard;
}
