import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError, failureKind, type Incident, type SourceContext } from '@ihandler/core';
import { discardRest, readBody } from './read-body.ts';
import { type BadLine, listed, type Read, readLines } from './read-lines.ts';
import { Refusal } from './refusal.ts';
import type { Seldom } from './seldom.ts';
import { type Sender, type Senders, shownToken } from './senders.ts';
import type { BorrowedStream, Streams } from './streams.ts';

/** How long a post may wait to become durable, in milliseconds: dionaea's whole loop waits for the answer. */
const WITHIN = 250;
/** How many incidents of one post are stored at a time: others have their turn in between. */
const TOGETHER = 1000;
/** The longest text, in bytes, that a reject keeps. */
const KEPT = 64 * 1024;

/** What answering needs of its port. */
export interface Desk<S extends Sender> {
  readonly context: SourceContext;
  readonly senders: Senders<S>;
  readonly maxBody: number;
  /** Counts those who show no token, or a wrong one. */
  readonly strangers: Seldom;
  /** Counts posts that could not be kept. */
  readonly failures: Seldom;
  /** Counts lines that are no incidents and could not be kept as rejects. */
  readonly unkept: Seldom;
  readonly streams: Streams<S>;
}

function admitted<S extends Sender>(request: IncomingMessage, { senders, strangers }: Desk<S>): S {
  const { isOurPath, token } = shownToken(
    request.url ?? '',
    request.headers.authorization,
    senders.needsToken,
  );
  if (!isOurPath) throw new Refusal(404, 'Expected the path / or /incidents, found another.');
  const sender = senders.find(token);
  if (sender === undefined) {
    strangers.happened({ from: request.socket.remoteAddress });
    throw new Refusal(
      401,
      'Expected a token, as the header "Authorization: Bearer TOKEN" or as the last part of the path; found none or another.',
      { 'www-authenticate': 'Bearer' },
    );
  }
  if (request.method !== 'POST')
    throw new Refusal(405, 'Expected the method POST, found another.', { allow: 'POST' });
  // No sensor is a web page; a browser on this machine must not be made to post by one.
  if (request.headers.origin !== undefined) throw new Refusal(403, 'Posts of web pages are not taken.');
  return sender;
}

/** Stores them, in their order. The stream may be used again as soon as all that is of it has been handed over. */
async function store(
  incidents: readonly Incident[],
  stream: BorrowedStream,
  context: SourceContext,
): Promise<void> {
  let at = 0;
  for (; incidents.length - at > TOGETHER; at += TOGETHER)
    await context.report(incidents.slice(at, at + TOGETHER), { within: WITHIN });
  const last = at === incidents.length ? undefined : context.report(incidents.slice(at), { within: WITHIN });
  stream.giveBack();
  await last;
}

function mustSpeakFor(sensor: string | undefined, incidents: readonly Incident[]): void {
  if (sensor === undefined) return;
  const foreign = incidents.find((incident) => incident.sensor !== sensor);
  if (foreign !== undefined)
    throw new Refusal(
      403,
      `Expected incidents of the sensor ${JSON.stringify(sensor)}, for which the token speaks; found one of ${JSON.stringify(foreign.sensor)}.`,
    );
}

/** Keeps what was no incident. That it cannot is no reason to refuse the rest, which is stored by now. */
async function keepRejects<S extends Sender>(
  bad: readonly BadLine[],
  { context, unkept }: Desk<S>,
): Promise<void> {
  try {
    for (const { reason, offset, bytes } of bad)
      await context.reject({
        file: context.instance,
        offset,
        length: bytes.length,
        reason,
        ...(bytes.length <= KEPT && { text: bytes.toString('utf8') }),
      });
  } catch (error) {
    unkept.happened({ error: describeError(error) });
  }
}

async function readAndStore<S extends Sender>(body: Buffer, sender: S, desk: Desk<S>): Promise<Read> {
  const stream = desk.streams.borrow(sender);
  try {
    const read = await readLines(body, stream.read, stream.nextOrdinal);
    mustSpeakFor(sender.sensor, read.incidents);
    await store(read.incidents, stream, desk.context);
    return read;
  } finally {
    stream.giveBack();
  }
}

/** Takes a post; says what of it was no incident. Throws a {@link Refusal}. */
async function take<S extends Sender>(
  request: IncomingMessage,
  desk: Desk<S>,
  letCome: () => void,
): Promise<readonly BadLine[]> {
  const sender = admitted(request, desk);
  const body = await readBody(request, desk.maxBody, letCome);
  const { incidents, bad } = await readAndStore(body, sender, desk);
  await keepRejects(bad, desk);
  if (incidents.length > 0) return bad;
  const [first] = bad;
  if (first === undefined)
    throw new Refusal(400, 'Expected an incident in JSON, or one a line; found nothing.');
  throw new Refusal(400, `Line ${first.line}: ${first.reason}`, {}, listed(bad));
}

function send(
  response: ServerResponse,
  status: number,
  body: object | undefined,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    })
    .end(text);
}

function refusalOf(error: unknown, failures: Seldom): Refusal {
  if (error instanceof Refusal) return error;
  failures.happened({ error: describeError(error) });
  const reason = failureKind(error) === 'temporary' ? 'at the moment' : 'any more';
  return new Refusal(503, `Nothing can be kept ${reason}: try again.`, { 'retry-after': '1' });
}

/**
 * Answers one request; never rejects. A client that went away is not answered. `letCome` is for one that asks before it
 * sends its body (`Expect: 100-continue`): it is told no before that.
 */
export async function answer<S extends Sender>(
  request: IncomingMessage,
  response: ServerResponse,
  desk: Desk<S>,
  letCome?: () => void,
): Promise<void> {
  let mayCome = letCome === undefined;
  try {
    const bad = await take(request, desk, () => {
      mayCome = true;
      letCome?.();
    });
    if (desk.context.signal.aborted) response.shouldKeepAlive = false;
    if (bad.length === 0) send(response, 204, undefined);
    else send(response, 200, listed(bad));
  } catch (error) {
    if (request.destroyed && !request.complete) return;
    const { status, message, headers, details } = refusalOf(error, desk.failures);
    const isOver = mayCome && (await discardRest(request));
    if (!isOver || desk.context.signal.aborted) response.shouldKeepAlive = false;
    send(response, status, { error: message, ...details }, headers);
  }
}
