import type { ServerResponse } from 'node:http';

/** What goes wrong with a request instead of, or after, what it asks for. */
export type Fault =
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly retryAfter?: number | string;
    }
  /** A page for people, as front ends answer. */
  | { readonly kind: 'html'; readonly status: number }
  /** The right answer, cut in the middle. */
  | { readonly kind: 'truncated' }
  /** The connection ends before anything is done. */
  | { readonly kind: 'dropped' }
  /** What was asked for is done, and the connection ends before the answer. */
  | { readonly kind: 'answer lost' }
  /** What was asked for is done, and the answer is an error all the same. */
  | { readonly kind: 'done, and an error'; readonly status: number; readonly code: string }
  | { readonly kind: 'slow'; readonly milliseconds: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** An answer without end. */
  | { readonly kind: 'endless' };

/** Answers in JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers with an error in the form of the API. */
export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers = {},
): void {
  sendJson(response, status, { error: { code, message } }, headers);
}

/** Plays a fault that leaves the request undone; false for those that come after it. */
export function playFault(response: ServerResponse, fault: Fault): boolean {
  switch (fault.kind) {
    case 'error': {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      sendError(response, fault.status, fault.code, `${fault.code} happened`, headers);
      return true;
    }
    case 'html':
      response.writeHead(fault.status, { 'content-type': 'text/html' });
      response.end('<html><title>Error</title><h1>Server Error</h1></html>');
      return true;
    case 'dropped':
      response.destroy();
      return true;
    case 'redirect':
      response.writeHead(302, { location: fault.to });
      response.end();
      return true;
    case 'endless': {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":"');
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
      return true;
    }
    default:
      return false;
  }
}
