import {
  defineHandler,
  encodeIncident,
  type HandlerContext,
  type Incident,
  type WritingHandler,
} from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import { type Client, createClient } from './client.ts';
import { judgeAnswer, judgeFailure } from './judge.ts';
import { type ForwardOptions, readOptions } from './options.ts';

/** Cuts lines into posts of at most so many bytes; a line that is longer goes by itself. */
function* cut(lines: readonly string[], maxBytes: number): Generator<readonly string[]> {
  let part: string[] = [];
  let size = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1;
    if (size + bytes > maxBytes && part.length > 0) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(line);
    size += bytes;
  }
  if (part.length > 0) yield part;
}

/**
 * A handler that sends incidents on to another ihandler, with their ids: what was sent twice is taken once there. A write
 * resolves when the other one has it durably. Throws `OPTIONS_INVALID`.
 */
export default function forward(options: ForwardOptions): WritingHandler {
  const settings = readOptions(options);
  // Without the path, which may end in a token.
  const where = new URL(settings.url).host;
  const counted = { posts: 0, uncompressed_bytes: 0 };
  let client: Client | undefined;

  async function post(
    lines: readonly string[],
    { signal, log, now }: HandlerContext,
  ): Promise<'split' | undefined> {
    const body = `${lines.join('\n')}\n`;
    client ??= createClient(settings);
    const judgement = await client.post(body, signal).then(
      (answer) => judgeAnswer(answer, lines.length, where, now()),
      (error: unknown) => judgeFailure(error, where),
    );
    counted.posts += 1;
    if (judgement.taken === true) {
      counted.uncompressed_bytes += Buffer.byteLength(body);
      return undefined;
    }
    if (judgement.taken === 'too large') return 'split';
    if (judgement.needsOperator) log.error(judgement.error.message);
    throw judgement.error;
  }

  async function send(lines: readonly string[], context: HandlerContext): Promise<void> {
    if ((await post(lines, context)) === undefined) return;
    const middle = lines.length >> 1;
    await send(lines.slice(0, middle), context);
    await send(lines.slice(middle), context);
  }

  return defineHandler({
    name: 'forward',
    accepts: ['*'],
    start() {
      client = createClient(settings);
    },
    async write(batch: readonly Incident[], _checkpoint, context) {
      const masks = settings.localAddress === 'mask';
      const lines = batch.map((incident) => encodeIncident(masks ? maskSensor(incident) : incident));
      for (const part of cut(lines, settings.maxBytes)) await send(part, context);
    },
    close() {
      client?.close();
      client = undefined;
    },
    counters: () => ({ ...counted }),
  });
}
