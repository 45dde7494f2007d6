export { describeService } from './available.ts';
export { freePort } from './free-port.ts';
export { type HpfeedsBroker, startHpfeedsBroker } from './hpfeeds-broker.ts';
export { type NatsServer, startNats } from './nats.ts';
export { type Postgres, startPostgres } from './postgres.ts';
export { type Prosody, startProsody } from './prosody.ts';
export { selfSigned } from './self-signed.ts';
