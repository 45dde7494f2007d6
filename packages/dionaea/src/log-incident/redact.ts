const redacted = '[redacted]';

/** Whether a form field, header or query parameter of an upload holds a secret, by its name. */
function isSecret(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'user' || ['key', 'token', 'secret', 'pass'].some((word) => lower.includes(word));
}

function redactPair(pair: string): string {
  const equals = pair.indexOf('=');
  return equals !== -1 && isSecret(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=${redacted}` : pair;
}

/** The URL without user, password and secret query parameters. It may be invalid, so it is not parsed as a URL. */
function redactUrl(url: string): string {
  const end = url.search(/[?#]/);
  const base = end === -1 ? url : url.slice(0, end);
  const parameters = url.slice(base.length).split(/([?&#;])/);
  const scheme = base.indexOf('://');
  const host = scheme === -1 ? 0 : scheme + 3;
  const slash = base.indexOf('/', host);
  const at = base.slice(0, slash === -1 ? base.length : slash).lastIndexOf('@');
  const bare = at < host ? base : `${base.slice(0, host)}${redacted}${base.slice(at)}`;
  return bare + parameters.map(redactPair).join('');
}

/**
 * Replaces the secrets in the data of a `dionaea.upload.request`, in place: the credentials that dionaea sends to other
 * services belong to the operator.
 */
export function redactUpload(data: Record<string, unknown>): void {
  for (const key of Object.keys(data)) {
    const value = data[key];
    if (isSecret(key)) data[key] = redacted;
    else if (key === '_url' && typeof value === 'string') data[key] = redactUrl(value);
  }
}
