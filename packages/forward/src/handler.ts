import {
  decodeIncident,
  defineHandler,
  encodeIncident,
  type HandlerContext,
  type Incident,
  parseIncidentId,
  type WritingHandler,
} from '@ihandler/core';
import { classifyFailure, classifyResponse } from './classify-response.ts';
import { type Client, createClient } from './client.ts';
import { type ForwardOptions, readOptions } from './options.ts';

/** An encoded incident under the id of a redelivered one: a stream of its own, so that no later incident covers it. */
function withRedeliveryId(line: string): string {
  const incident = decodeIncident(line);
  const { stream, ordinal } = parseIncidentId(incident.id);
  return encodeIncident({ ...incident, id: `${stream}~${ordinal}:${ordinal}` });
}

/** Splits lines into posts of at most `maxSize` bytes; a longer line is a post of its own. */
function* splitPosts(lines: readonly string[], maxSize: number): Generator<readonly string[]> {
  let part: string[] = [];
  let size = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1;
    if (size + bytes > maxSize && part.length > 0) {
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
 * Sends incidents to another ihandler (the hub), with their ids, so that the hub ignores duplicates. A write resolves when the
 * hub has stored the incidents durably. Throws `OPTIONS_INVALID`.
 */
export default function forward(options: ForwardOptions): WritingHandler {
  const settings = readOptions(options);
  // Without the path, which may contain a token.
  const host = new URL(settings.url).host;
  const counts = { posts: 0, uncompressed_bytes: 0 };
  let client: Client | undefined;

  async function post(
    lines: readonly string[],
    { signal, log, now }: HandlerContext,
  ): Promise<'split' | 'rename' | undefined> {
    const body = `${lines.join('\n')}\n`;
    client ??= createClient(settings);
    const outcome = await client.post(body, signal).then(
      (answer) => classifyResponse(answer, lines.length, host, now()),
      (error: unknown) => classifyFailure(error, host),
    );
    counts.posts += 1;
    if (outcome.result === 'accepted') {
      counts.uncompressed_bytes += Buffer.byteLength(body);
      return undefined;
    }
    if (outcome.result === 'too large') return 'split';
    if (outcome.result === 'behind') return 'rename';
    if (outcome.needsOperator) log.error(outcome.error.message);
    throw outcome.error;
  }

  async function send(lines: readonly string[], context: HandlerContext): Promise<void> {
    const next = await post(lines, context);
    if (next === undefined) return;
    const [only = ''] = lines;
    if (next === 'rename') return send([withRedeliveryId(only)], context);
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
      const lines = batch.map((incident) => encodeIncident(incident));
      for (const post of splitPosts(lines, settings.maxPostSize)) await send(post, context);
    },
    close() {
      client?.close();
      client = undefined;
    },
    counters: () => ({ ...counts }),
  });
}
