import type { Offer } from './contributions.ts';

/** What leaves this machine because of a handler, as its package says. */
export function whatLeaves({ spec }: Offer<'handlers'>): string {
  return spec.network
    ? `sends ${spec.sends ?? 'something over the network (the package does not say what)'}`
    : 'nothing leaves this machine';
}

const place = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Where options send things to: URLs, and what is called `server` or `host`. */
export function destinationsIn(options: unknown): readonly string[] {
  if (Array.isArray(options)) return options.flatMap(destinationsIn);
  if (typeof options === 'string') return place.test(options) && !/^file:/i.test(options) ? [options] : [];
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([key, value]) =>
    typeof value === 'string' && /^(?:server|host|hostname)$/i.test(key) ? [value] : destinationsIn(value),
  );
}
