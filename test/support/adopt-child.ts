import logSqlite from '@ihandler/log-sqlite';
import { handlerContext } from '@ihandler/testkit';

/** Starts log-sqlite on a database that it may adopt, and prints the reason when it refuses. */
const [file = '', adopt] = process.argv.slice(2);
const handler = logSqlite({ file, adopt: adopt === 'checked' ? 'checked' : true });
try {
  await handler.start?.(handlerContext({ instance: 'log-sqlite' }).context);
  console.log('adopted');
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
} finally {
  await handler.close?.();
}
