/** An address and a port for people and URLs: an IPv6 address is in brackets. */
export function endpointText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
