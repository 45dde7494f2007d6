// A reporter of vitest that writes down, in the file that IHANDLER_TEST_RECORD names, what becomes of each test file as it
// happens: a line of JSON when it begins, and one when it has ended. So it is known what ran also when the run hangs.
import { appendFileSync } from 'node:fs';

const keep = (line) => appendFileSync(process.env.IHANDLER_TEST_RECORD, `${JSON.stringify(line)}\n`);

/**
 * What became of the tests of a file. One that began and never ended, because its process died, has failed; so has a file
 * with no test in it, because it could not be loaded, and one that failed outside of its tests.
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
