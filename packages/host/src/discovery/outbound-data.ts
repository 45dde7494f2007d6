import type { Contribution } from './contributions.ts';

/** What a handler sends off this machine, as its package says. */
export function describeOutbound({ spec }: Contribution<'handlers'>): string {
  return spec.network
    ? `sends ${spec.sends ?? 'data over the network (its package does not say what)'}`
    : 'sends nothing off this machine';
}

const place = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Where options send data to: URLs, and the values of `server` or `host`. */
export function destinationsIn(options: unknown): readonly string[] {
  if (Array.isArray(options)) return options.flatMap(destinationsIn);
  if (typeof options === 'string') return place.test(options) && !/^file:/i.test(options) ? [options] : [];
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([key, value]) =>
    typeof value === 'string' && /^(?:server|host|hostname)$/i.test(key) ? [value] : destinationsIn(value),
  );
}
