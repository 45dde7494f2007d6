import { isIP } from 'node:net';
import { MINUTE } from '@ihandler/core/kit';
import { z } from 'zod';
import { hashOf } from '../backlog/put-sample.ts';
import type { ServerQuotas } from '../worker/quota.ts';
import { type Answer, classifyResponse, parseJson, temporaryProblem } from './classify-response.ts';
import { type FileFacts, readFileReport } from './file-report.ts';
import { type HttpClient, type HttpRequest, type HttpResponse, NoResponse } from './http-client.ts';
import type { UploadFile } from './open-upload.ts';
import { createUploadForm } from './upload-form.ts';

const TIMEOUT = MINUTE;
/** Enough for 650 MB at 3 Mbit/s. */
const UPLOAD_TIMEOUT = 30 * MINUTE;

const withId = z.object({ data: z.object({ id: z.string().min(1).max(500) }) });
const uploadUrl = z.object({ data: z.url() });
const analysis = z.object({
  data: z.object({ attributes: z.object({ status: z.string() }) }),
  meta: z
    .object({ file_info: z.object({ sha256: z.string().nullish() }).nullish() })
    .nullish()
    .catch(undefined),
});
const use = z
  .object({ user: z.object({ allowed: z.int().min(1), used: z.int().min(0) }) })
  .nullish()
  .catch(undefined);
const overallQuotas = z.object({
  data: z.object({ api_requests_hourly: use, api_requests_daily: use, api_requests_monthly: use }),
});

/** The calls of the v3 API that the handler uses. Each is one request. */
export interface VirusTotalApi {
  file(hash: string): Promise<Answer<FileFacts>>;
  /** Uploads a file of at most 32 MB. The value is the id of its analysis. */
  upload(sample: UploadFile): Promise<Answer<string>>;
  /** Gets an address for the upload of one larger file. */
  uploadUrl(): Promise<Answer<string>>;
  uploadTo(url: string, sample: UploadFile): Promise<Answer<string>>;
  analysis(id: string): Promise<Answer<{ readonly completed: boolean; readonly sha256: string | undefined }>>;
  comment(sha256: string, text: string): Promise<Answer<true>>;
  overallQuotas(): Promise<Answer<ServerQuotas>>;
}

/** Whether the key may be sent to `url`: it has the origin of `base`, or uses TLS and the same domain. */
export function isSameSite(url: string, base: string): boolean {
  const [to, from] = [new URL(url), new URL(base)];
  if (to.username !== '' || to.password !== '') return false;
  if (to.origin === from.origin) return true;
  if (to.protocol !== 'https:' || isIP(to.hostname) !== 0 || to.hostname.startsWith('[')) return false;
  const domainOf = (host: string): string => host.split('.').slice(-2).join('.');
  return from.hostname.includes('.') && domainOf(to.hostname) === domainOf(from.hostname);
}

/** Creates the calls of the API at `base` with `key`. */
export function createApi(http: HttpClient, base: string, key: string, now: () => number): VirusTotalApi {
  async function call<T>(request: HttpRequest, read: (body: unknown) => T | undefined): Promise<Answer<T>> {
    let response: HttpResponse;
    try {
      response = await http.send(request);
    } catch (error) {
      if (error instanceof NoResponse) return temporaryProblem(error.message, { ambiguous: true });
      throw error;
    }
    if (response.status !== 200) return classifyResponse(response, now());
    const value = read(parseJson(response.text));
    return value === undefined
      ? temporaryProblem('200 (not from the v3 API)', { ambiguous: true, ofFile: true })
      : { kind: 'ok', value };
  }

  const get = <T>(path: string, read: (body: unknown) => T | undefined) =>
    call({ method: 'GET', url: `${base}${path}`, timeout: TIMEOUT }, read);

  function post(url: string, sample: UploadFile): Promise<Answer<string>> {
    const form = createUploadForm(sample);
    const request = { method: 'POST', url, headers: form.headers, timeout: UPLOAD_TIMEOUT } as const;
    return call({ ...request, body: form.body() }, (body) => withId.safeParse(body).data?.data.id);
  }

  return {
    file: (hash) => get(`/files/${hash}`, (body) => readFileReport(body, hash)),
    upload: (sample) => post(`${base}/files`, sample),
    uploadUrl: () => get('/files/upload_url', (body) => uploadUrl.safeParse(body).data?.data),
    uploadTo: async (url, sample) =>
      isSameSite(url, base)
        ? post(url, sample)
        : { kind: 'rejected', message: 'the upload address belongs to another site' },
    analysis: (id) =>
      get(`/analyses/${encodeURIComponent(id)}`, (body) => {
        const { data } = analysis.safeParse(body);
        return (
          data && {
            completed: data.data.attributes.status === 'completed',
            sha256: hashOf(data.meta?.file_info?.sha256, 64),
          }
        );
      }),
    comment: (sha256, text) =>
      call(
        {
          method: 'POST',
          url: `${base}/files/${sha256}/comments`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ data: { type: 'comment', attributes: { text } } }),
          timeout: TIMEOUT,
        },
        (body) => (withId.safeParse(body).success ? true : undefined),
      ),
    overallQuotas: () =>
      get(`/users/${encodeURIComponent(key)}/overall_quotas`, (body) => {
        const { data } = overallQuotas.safeParse(body);
        const of = (quota: z.output<typeof use>) =>
          quota == null ? undefined : { used: quota.user.used, limit: quota.user.allowed };
        return (
          data && {
            hour: of(data.data.api_requests_hourly),
            day: of(data.data.api_requests_daily),
            month: of(data.data.api_requests_monthly),
          }
        );
      }),
  };
}
