/** What some tests need beside Node: servers and tools of the operating system. */
export type Service = 'postgres' | 'prosody' | 'nats-server' | 'strace' | 'cc';

/** Every one of them. */
export const services: readonly Service[];

/** How people name one, with the version that is needed: `PostgreSQL 15 or newer (its server)`. */
export function describe(service: Service): string;

/** How to install one, as a command or a hint. */
export function howToInstall(service: Service): string;

/** The package of Debian and Ubuntu that holds one. */
export function debianPackage(service: Service): string;

/** The path of a service's program; undefined where it is not installed. */
export function findService(service: Service): string | undefined;
