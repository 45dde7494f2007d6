import type { ServerResponse } from 'node:http';

/** A fault of the server, before or after it processes a request. */
export type Fault =
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly retryAfter?: number | string;
    }
  /** An HTML page, as from a proxy. */
  | { readonly kind: 'html'; readonly status: number }
  /** The right response, cut in the middle. */
  | { readonly kind: 'truncated' }
  /** The connection is closed before the request is processed. */
  | { readonly kind: 'dropped' }
  /** The request is processed, and the connection is closed before the response. */
  | { readonly kind: 'answer lost' }
  /** The request is processed, but the response is an error. */
  | { readonly kind: 'done, and an error'; readonly status: number; readonly code: string }
  | { readonly kind: 'slow'; readonly milliseconds: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** A response without end. */
  | { readonly kind: 'endless' };

/** Sends a JSON response. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

/** Sends an error in the format of the API. */
export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers = {},
): void {
  sendJson(response, status, { error: { code, message } }, headers);
}

/** Applies a fault before the request is processed. Returns false for a fault that comes after it. */
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
