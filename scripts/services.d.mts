/** A server or tool of the operating system that some tests need. */
export type Service = 'postgres' | 'prosody' | 'nats-server' | 'strace' | 'cc';

/** All services. */
export const services: readonly Service[];

/** The usual name of a service with the required version: `PostgreSQL 15 or newer (its server)`. */
export function describe(service: Service): string;

/** How to install a service, as a command or a hint. */
export function howToInstall(service: Service): string;

/** The package of Debian and Ubuntu that contains a service. */
export function debianPackage(service: Service): string;

/** The path of a service's program, or undefined if it is not installed. */
export function findService(service: Service): string | undefined;
