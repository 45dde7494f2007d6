/** The error response to a request that the port refuses. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** The HTTP status. */
  readonly status: number;
  /** Further headers of the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the response's JSON, beside `error`. */
  readonly details: Readonly<Record<string, unknown>>;
  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.details = details;
  }
}
