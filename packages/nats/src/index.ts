export { default, type NatsOptions } from './nats.ts';
