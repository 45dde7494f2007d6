// The program of a worker thread that runs one handler. Not a module of the library: the host starts it by its path.
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { serveHandler } from './serve-handler.ts';
import { linkToHost } from './thread-context.ts';
import { decodeError, encodeError } from './transfer-error.ts';

/** How often counters are sent when nothing is delivered, in milliseconds. */
const COUNT_PERIOD = 1000;

if (parentPort === null) throw new Error('expected to run in a worker thread');
const port = parentPort;
// Safe: the host creates the thread with this data.
const { program, ...shared } = workerData as ThreadData;
const stopping = new AbortController();
const link = linkToHost(port, shared, decodeError);
const served = serveHandler(program, link, stopping.signal);

function sendCounters(): void {
  const counters = served.changedCounters();
  if (counters !== undefined) port.postMessage({ type: 'counters', counters } satisfies FromThread);
}
setInterval(sendCounters, COUNT_PERIOD).unref();

async function perform({ id, method, args }: Extract<ToThread, { type: 'call' }>): Promise<void> {
  let result: FromThread;
  try {
    result = { type: 'result', id, value: await served.perform(id, method, args) };
  } catch (error) {
    result = { type: 'result', id, error: encodeError(error) };
  }
  sendCounters();
  try {
    port.postMessage(result);
  } catch (error) {
    // A handler may return anything, also what cannot be copied.
    port.postMessage({ type: 'result', id, error: encodeError(error) } satisfies FromThread);
  }
}

port.on('message', (message: ToThread) => {
  if (message.type === 'call') void perform(message);
  else if (message.type === 'answer') link.answered(message.id, message.value, message.error);
  else stopping.abort();
});
