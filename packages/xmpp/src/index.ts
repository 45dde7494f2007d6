export { default, type XmppOptions } from './handler.ts';
