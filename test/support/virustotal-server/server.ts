import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, playFault, sendError, sendJson } from './fault.ts';
import { fileReport, type KnownFile, statsOf } from './known-file.ts';
import { readUpload } from './read-upload.ts';
import { createServerQuota, type Limits, PUBLIC_KEY, type ServerQuota } from './server-quota.ts';

const MIB = 2 ** 20;
const SMALL = 32 * MIB;
const LARGE = 650 * MIB;

/** A request that the server received. Its path does not contain the key. */
export interface Seen {
  readonly at: number;
  readonly method: string;
  readonly path: string;
}

/** The behaviour of the server. */
export interface VirusTotalServerOptions {
  /** @default 'k'.repeat(64) */
  readonly key?: string;
  readonly now?: () => number;
  /** @default the limits of a public key */
  readonly limits?: Limits;
  /** The time that an analysis is queued, and then in progress, in milliseconds. @default 60000 each */
  readonly analysis?: { readonly queued: number; readonly inProgress: number };
  /** Called for each request, in order of arrival. */
  readonly fault?: (request: Seen) => Fault | undefined;
}

/** A local server that behaves like VirusTotal's v3 API. */
export interface VirusTotalServer {
  /** The base URL of the API. */
  readonly url: string;
  readonly key: string;
  readonly quota: ServerQuota;
  readonly requests: readonly Seen[];
  /** By SHA-256. */
  readonly files: ReadonlyMap<string, KnownFile>;
  /** The file names of uploads, by SHA-256. */
  readonly uploads: ReadonlyMap<string, readonly string[]>;
  /** By SHA-256. */
  readonly comments: ReadonlyMap<string, readonly string[]>;
  know(...files: readonly KnownFile[]): void;
  /** Sets or removes the faults. */
  setFault(fault: VirusTotalServerOptions['fault']): void;
  stop(): Promise<void>;
}

/** Starts the server. */
export async function startVirusTotalServer(
  options: VirusTotalServerOptions = {},
): Promise<VirusTotalServer> {
  const { key = 'k'.repeat(64), now = Date.now, limits = PUBLIC_KEY } = options;
  const { queued, inProgress } = options.analysis ?? { queued: 60_000, inProgress: 60_000 };
  const quota = createServerQuota(limits, now);
  const requests: Seen[] = [];
  const files = new Map<string, KnownFile>();
  const byHash = new Map<string, KnownFile>();
  const uploads = new Map<string, string[]>();
  const comments = new Map<string, string[]>();
  const analyses = new Map<string, { readonly sha256: string; readonly at: number }>();
  const uploadUrls = new Set<string>();
  let fault = options.fault;
  let origin = '';
  const base = (): string => `${origin}/api/v3`;

  function know(...known: readonly KnownFile[]): void {
    for (const file of known) {
      files.set(file.sha256, file);
      for (const hash of [file.sha256, file.sha1, file.md5]) byHash.set(hash, file);
    }
  }

  async function takeUpload(
    request: IncomingMessage,
    response: ServerResponse,
    limit: number,
  ): Promise<void> {
    const upload = await readUpload(request);
    if (typeof upload === 'string') return sendError(response, 400, 'BadRequestError', upload);
    if (upload.size > limit) {
      playFault(response, { kind: 'html', status: 413 });
      return;
    }
    const { sha256, sha1, md5, size, filename } = upload;
    uploads.set(sha256, [...(uploads.get(sha256) ?? []), filename]);
    const old = files.get(sha256);
    const analysedAt = now() + queued + inProgress;
    know(
      old ? { ...old, analysedAt } : { sha256, sha1, md5, size, firstSeen: now(), analysedAt, malicious: 5 },
    );
    const id = Buffer.from(`${md5}:${Math.floor(now() / 1000)}:${analyses.size}`).toString('base64');
    analyses.set(id, { sha256, at: now() });
    const links = { self: `${base()}/analyses/${id}` };
    sendJson(response, 200, { data: { type: 'analysis', id, links } });
  }

  function analysis(response: ServerResponse, id: string): void {
    const found = analyses.get(id);
    const file = found && files.get(found.sha256);
    if (found === undefined || file === undefined) {
      sendError(response, 404, 'NotFoundError', `Analysis "${id}" not found`);
      return;
    }
    const age = now() - found.at;
    const status = age < queued ? 'queued' : age < queued + inProgress ? 'in-progress' : 'completed';
    const attributes = {
      date: Math.floor(found.at / 1000),
      status,
      stats: status === 'completed' ? statsOf(file) : {},
      results: {},
    };
    const meta = { file_info: { sha256: file.sha256, md5: file.md5, sha1: file.sha1, size: file.size } };
    sendJson(response, 200, { data: { type: 'analysis', id, attributes }, meta });
  }

  async function comment(request: IncomingMessage, response: ServerResponse, file: KnownFile): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text: unknown = JSON.parse(Buffer.concat(chunks).toString())?.data?.attributes?.text;
    if (typeof text !== 'string' || text === '')
      return sendError(response, 400, 'BadRequestError', 'expected data.attributes.text');
    const before = comments.get(file.sha256) ?? [];
    if (before.includes(text)) return sendError(response, 409, 'AlreadyExistsError', 'the comment exists');
    comments.set(file.sha256, [...before, text]);
    const id = `f-${file.sha256}-${randomBytes(4).toString('hex')}`;
    sendJson(response, 200, { data: { type: 'comment', id, attributes: { text } } });
  }

  function overallQuotas(response: ServerResponse): void {
    const used = quota.used();
    const of = (allowed: number, spent: number) => ({ user: { allowed, used: spent } });
    sendJson(response, 200, {
      data: {
        api_requests_hourly: of(limits.minute * 60, 0),
        api_requests_daily: of(limits.day, used.day),
        api_requests_monthly: of(limits.month, used.month),
      },
    });
  }

  async function route(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { method } = request;
    const [, kind, id = '', part] = path.split('/').map(decodeURIComponent);
    if (kind === '_ah') {
      if (!uploadUrls.delete(path) || method !== 'POST')
        return sendError(response, 400, 'InvalidArgumentError', 'this upload URL was used already');
      return takeUpload(request, response, LARGE);
    }
    if (kind === 'files' && id === 'upload_url') {
      const token = `/_ah/upload/${randomBytes(24).toString('hex')}`;
      uploadUrls.add(token);
      return sendJson(response, 200, { data: `${origin}${token}` });
    }
    if (kind === 'files' && id === '' && method === 'POST') return takeUpload(request, response, SMALL);
    if (kind === 'files') {
      const file = byHash.get(id.toLowerCase());
      if (file === undefined) return sendError(response, 404, 'NotFoundError', `File "${id}" not found`);
      if (part === 'comments' && method === 'POST') return comment(request, response, file);
      return sendJson(response, 200, fileReport(file, base(), now()));
    }
    if (kind === 'analyses') return analysis(response, id);
    if (kind === 'users' && id === key && part === 'overall_quotas') return overallQuotas(response);
    sendError(response, 404, 'NotFoundError', `"${path}" not found`);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/^\/api\/v3(?=\/)/, '');
    const seen = { at: now(), method: request.method ?? '', path: path.replaceAll(key, '<key>') };
    requests.push(seen);
    const given = request.headers['x-apikey'];
    if (given === undefined)
      return sendError(response, 401, 'AuthenticationRequiredError', 'X-Apikey header is missing');
    if (given !== key) return sendError(response, 401, 'WrongCredentialsError', 'Wrong API key');
    if (quota.arrive() !== undefined) return sendError(response, 429, 'QuotaExceededError', 'Quota exceeded');
    const wrong = fault?.(seen);
    if (wrong && playFault(response, wrong)) return;
    if (wrong?.kind === 'slow') await delay(wrong.milliseconds, undefined, { ref: false });
    if (wrong?.kind === 'answer lost') response.end = () => response.destroy();
    if (wrong?.kind === 'done, and an error') {
      const writeHead = response.writeHead.bind(response);
      const end = response.end.bind(response);
      // Safe: the server always starts and ends its responses like this.
      response.writeHead = (() => response) as typeof response.writeHead;
      response.end = (() => {
        Object.assign(response, { writeHead, end });
        sendError(response, wrong.status, wrong.code, `${wrong.code} happened`);
      }) as typeof response.end;
    }
    if (wrong?.kind === 'truncated') {
      const end = response.end.bind(response);
      // Safe: the server always ends its responses with a text.
      response.end = ((text: string) => end(text.slice(0, text.length / 2))) as typeof response.end;
    }
    await route(request, response, path);
  }

  const http = createServer((request, response) => {
    serve(request, response)
      .catch(() => response.destroy())
      // Discards the unread rest, so that the connection can be reused.
      .finally(() => request.resume());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  // Safe: a server that listens on a port has such an address.
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    url: base(),
    key,
    quota,
    requests,
    files,
    uploads,
    comments,
    know,
    setFault(next) {
      fault = next;
    },
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
