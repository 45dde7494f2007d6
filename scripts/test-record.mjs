// A reporter for vitest. It appends a line of JSON to the file IHANDLER_TEST_RECORD when a test file starts and when it ends, so
// that the results are known even if the run hangs.
import { appendFileSync } from 'node:fs';

const keep = (line) => appendFileSync(process.env.IHANDLER_TEST_RECORD, `${JSON.stringify(line)}\n`);

/**
 * The results of a file. A test that started and did not end, because its process died, has failed. So has a file without
 * tests, because it could not be loaded, and a file that failed outside of its tests.
 */
function outcomeOf(module) {
  const states = [...module.children.allTests()].map((test) => test.result().state);
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length;
  const failed = count('failed', 'pending');
  const elsewhere = states.length === 0 || (module.state() === 'failed' && failed === 0);
  return { passed: count('passed'), failed: failed + (elsewhere ? 1 : 0), skipped: count('skipped') };
}

export default class TestRecord {
  #ended = new Set();

  onTestRunStart(files) {
    keep({ files: files.length });
  }

  onTestModuleQueued({ relativeModuleId }) {
    keep({ began: relativeModuleId });
  }

  onTestModuleEnd(module) {
    const { relativeModuleId } = module;
    if (this.#ended.has(relativeModuleId)) return;
    this.#ended.add(relativeModuleId);
    const { duration, collectDuration, setupDuration } = module.diagnostic();
    const seconds = (duration + collectDuration + setupDuration) / 1000;
    keep({ ended: relativeModuleId, seconds, ...outcomeOf(module) });
  }

  onTestRunEnd(modules) {
    for (const module of modules) this.onTestModuleEnd(module);
  }
}
