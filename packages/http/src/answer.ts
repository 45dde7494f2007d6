import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  describeError,
  failureKind,
  type Incident,
  type SourceContext,
  type SourceReportOptions,
} from '@ihandler/core';
import type { ThrottledLog } from '@ihandler/core/kit';
import { type Client, type Clients, readTarget } from './clients.ts';
import { discardRest, readBody } from './read-body.ts';
import { type InvalidLine, listInvalid, type ParsedBody, readLines } from './read-lines.ts';
import { Refusal } from './refusal.ts';
import type { Conflict, StreamGuard } from './stream-guard.ts';
import type { BorrowedStream, Streams } from './streams.ts';

/** How long a post may take to become durable, in milliseconds: dionaea's event loop waits for the response. */
const WITHIN = 250;
/** How many incidents of one post are stored at a time: other posts have their turn in between. */
const BATCH = 1000;
/** The longest text that a reject keeps, in bytes. */
const MAX_REJECT_TEXT = 64 * 1024;

/** What answering a request needs of its port. */
export interface AnswerContext<C extends Client> {
  readonly context: SourceContext;
  readonly clients: Clients<C>;
  /** The largest post, in bytes, uncompressed. */
  readonly maxBody: number;
  /** The longest accepted line, in bytes. */
  readonly maxLine: number;
  /** Whether every post of a valid client gets 2xx. */
  readonly neverRefuses: boolean;
  readonly streams: Streams<C>;
  /** Protects streams of clients that choose ids; absent for a port that makes the ids. */
  readonly guard: Promise<StreamGuard<C>> | undefined;
  /** Notes that a request carries a valid token: its connection is the last to make room for others. */
  readonly recognise: (request: IncomingMessage) => void;
  readonly warnings: ThrottledLog;
}

/** The client of a request. Throws a {@link Refusal} for a request that the port does not accept. */
function authorize<C extends Client>(
  request: IncomingMessage,
  { clients, recognise, warnings }: AnswerContext<C>,
): C {
  const { isKnownPath, token } = readTarget(
    request.url ?? '',
    request.headers.authorization,
    clients.needsToken,
  );
  if (!isKnownPath) throw new Refusal(404, 'Expected the path / or /incidents, found another.');
  const client = clients.find(token);
  if (client === undefined) {
    warnings.log('refused posts without a valid token', { from: request.socket.remoteAddress }, 1);
    throw new Refusal(
      401,
      'Expected a token, as the header "Authorization: Bearer TOKEN" or as the last part of the path; found none or another.',
      { 'www-authenticate': 'Bearer' },
    );
  }
  if (client.token !== undefined) recognise(request);
  if (request.method !== 'POST')
    throw new Refusal(405, 'Expected the method POST, found another.', { allow: 'POST' });
  // Sensors send no Origin header; a web page must not make a browser on this machine post for it.
  if (request.headers.origin !== undefined) throw new Refusal(403, 'Posts from web pages are not accepted.');
  return client;
}

/**
 * Stores incidents in order. Releases the stream as soon as its last incident has been handed over. Resolves with whether
 * all are durable: a port that never refuses accepts a failure.
 */
async function store<C extends Client>(
  incidents: readonly Incident[],
  stream: BorrowedStream,
  { context: source, neverRefuses, warnings }: AnswerContext<C>,
  compared: SourceReportOptions = {},
): Promise<boolean> {
  const options = { ...compared, within: WITHIN };
  let isDurable = true;
  const context = {
    async report(batch: readonly Incident[], options: SourceReportOptions): Promise<void> {
      if (!neverRefuses) return source.report(batch, options);
      try {
        await source.report(batch, { ...options, isLastChance: true });
      } catch (error) {
        // The source counts them, unless they are only late.
        isDurable = false;
        warnings.log('the journal did not accept incidents in time', { error: describeError(error) }, 1);
      }
    },
  };
  let at = 0;
  for (; incidents.length - at > BATCH; at += BATCH)
    await context.report(incidents.slice(at, at + BATCH), options);
  const last = at === incidents.length ? undefined : context.report(incidents.slice(at), options);
  stream.release();
  await last;
  return isDurable;
}

function checkSensors(sensor: string | undefined, incidents: readonly Incident[]): void {
  if (sensor === undefined) return;
  const foreign = incidents.find((incident) => incident.sensor !== sensor);
  if (foreign !== undefined)
    throw new Refusal(
      403,
      `Expected incidents of the sensor ${JSON.stringify(sensor)}, to which the token belongs; found one of ${JSON.stringify(foreign.sensor)}.`,
    );
}

/** Writes invalid lines to the host's rejects. A failure is only logged: the valid lines of the post are stored by now. */
async function writeRejects<C extends Client>(
  invalid: readonly InvalidLine[],
  { context, warnings }: AnswerContext<C>,
): Promise<void> {
  try {
    for (const { reason, offset, bytes } of invalid)
      await context.reject({
        file: context.instance,
        offset,
        length: bytes.length,
        reason,
        ...(bytes.length <= MAX_REJECT_TEXT && { text: bytes.toString('utf8') }),
      });
  } catch (error) {
    warnings.log('cannot write invalid lines to the rejects', { error: describeError(error) }, 1);
  }
}

/** The result of a post that was not refused. */
interface Accepted {
  readonly invalid: readonly InvalidLine[];
  /** Whether its incidents are stored; `false` only for a port that never refuses. */
  readonly isDurable: boolean;
}

function linesOfConflicts(
  conflicts: ReadonlyMap<Incident, Conflict>,
  { lines }: ParsedBody,
): readonly InvalidLine[] {
  return [...conflicts].flatMap(([incident, conflict]) => {
    const line = lines.get(incident);
    return line === undefined ? [] : [{ ...line, ...conflict }];
  });
}

async function readAndStore<C extends Client>(
  body: Buffer,
  client: C,
  port: AnswerContext<C>,
): Promise<Accepted & Pick<ParsedBody, 'incidents'>> {
  const stream = port.streams.borrow(client);
  try {
    const parsed = await readLines(body, stream.read, stream.nextOrdinal, port.maxLine);
    checkSensors(client.sensor, parsed.incidents);
    const guard = await port.guard;
    if (guard === undefined) return { ...parsed, isDurable: await store(parsed.incidents, stream, port) };
    const conflicts = new Map<Incident, Conflict>();
    const compared = await guard.compare(parsed.incidents, client, conflicts);
    const isDurable = await store(parsed.incidents, stream, port, compared);
    guard.stored(compared);
    const invalid = [...parsed.invalid, ...linesOfConflicts(conflicts, parsed)];
    return { incidents: parsed.incidents.filter((each) => !conflicts.has(each)), invalid, isDurable };
  } finally {
    stream.release();
  }
}

/** Keeps a post that can never be stored in the rejects, and returns the response for a sender that errors would harm. */
async function rejectPost<C extends Client>(
  { message, headers, details }: Refusal,
  body: Buffer | undefined,
  request: IncomingMessage,
  { context, warnings }: AnswerContext<C>,
): Promise<Refusal> {
  const length = body?.length ?? Number(request.headers['content-length'] ?? 0);
  const text = body !== undefined && length <= MAX_REJECT_TEXT ? { text: body.toString('utf8') } : {};
  try {
    await context.reject({ file: context.instance, offset: 0, length, reason: message, ...text });
  } catch (error) {
    warnings.log('cannot write a post to the rejects', { error: describeError(error) }, 1);
  }
  return new Refusal(200, message, headers, details);
}

/** Accepts a post. Throws a {@link Refusal}. */
async function acceptPost<C extends Client>(
  request: IncomingMessage,
  port: AnswerContext<C>,
  sendContinue: () => void,
): Promise<Accepted> {
  const client = authorize(request, port);
  let body: Buffer | undefined;
  try {
    body = await readBody(request, port.maxBody, sendContinue);
    return await acceptBody(body, client, port);
  } catch (error) {
    if (!port.neverRefuses || !(error instanceof Refusal)) throw error;
    throw await rejectPost(error, body, request, port);
  }
}

async function acceptBody<C extends Client>(
  body: Buffer,
  client: C,
  port: AnswerContext<C>,
): Promise<Accepted> {
  const { incidents, invalid, isDurable } = await readAndStore(body, client, port);
  await writeRejects(invalid, port);
  if (incidents.length > 0 || (port.neverRefuses && invalid.length > 0)) return { invalid, isDurable };
  const [first] = invalid;
  if (first === undefined)
    throw new Refusal(400, 'Expected an incident in JSON, or one a line; found nothing.');
  const status = first.code === undefined ? 400 : 409;
  throw new Refusal(status, `Line ${first.line}: ${first.reason}`, {}, listInvalid(invalid));
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

function refusalOf(error: unknown, warnings: ThrottledLog): Refusal {
  if (error instanceof Refusal) return error;
  warnings.log('cannot store posts', { error: describeError(error) }, 1);
  const message =
    failureKind(error) === 'temporary'
      ? 'Incidents cannot be stored at the moment; retry later.'
      : 'Incidents cannot be stored; retry later.';
  return new Refusal(503, message, { 'retry-after': '1' });
}

/**
 * Answers one request; never rejects. A client that disconnected gets no response. `sendContinue` answers a client that
 * asks before it sends its body (`Expect: 100-continue`); a refusal is sent in its place.
 */
export async function answer<C extends Client>(
  request: IncomingMessage,
  response: ServerResponse,
  port: AnswerContext<C>,
  sendContinue?: () => void,
): Promise<void> {
  let isBodyExpected = sendContinue === undefined;
  try {
    const { invalid, isDurable } = await acceptPost(request, port, () => {
      isBodyExpected = true;
      sendContinue?.();
    });
    if (port.context.signal.aborted) response.shouldKeepAlive = false;
    if (!isDurable)
      send(response, 202, { error: 'The incidents may not be stored.', ...listInvalid(invalid) });
    else if (invalid.length === 0) send(response, 204, undefined);
    else send(response, 200, listInvalid(invalid));
  } catch (error) {
    if (request.destroyed && !request.complete) return;
    const { status, message, headers, details } = refusalOf(error, port.warnings);
    const isComplete = isBodyExpected && (await discardRest(request));
    if (!isComplete || port.context.signal.aborted) response.shouldKeepAlive = false;
    send(response, status, { error: message, ...details }, headers);
  }
}
