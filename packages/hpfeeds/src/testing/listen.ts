import { connect } from 'node:net';
import { until } from '@ihandler/test-support/host';
import type { HpfeedsBroker } from '@ihandler/test-support/servers';
import { onTestFinished } from 'vitest';
import {
  authFrame,
  createFrameReader,
  OP,
  readPublish,
  subscribeFrame,
  takeName,
} from '../connection/frame.ts';

/** A received message. */
export interface ReceivedMessage {
  readonly channel: string;
  readonly text: string;
}

/** Subscribes to channels of a broker that has no other subscriber, with a plain socket. */
export async function listen(broker: HpfeedsBroker, channels: readonly string[]): Promise<ReceivedMessage[]> {
  const heard: ReceivedMessage[] = [];
  const frames = createFrameReader();
  const socket = connect(broker.port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    for (const { op, payload } of frames.push(chunk)) {
      if (op === OP.info) {
        socket.write(authFrame('hub', takeName(payload).rest, 'two'));
        for (const channel of channels) socket.write(subscribeFrame('hub', channel));
      } else if (op === OP.publish) {
        const { channel, message } = readPublish(payload);
        heard.push({ channel, text: message.toString() });
      }
    }
  });
  await until(() => broker.subscriptions() === channels.length);
  return heard;
}
