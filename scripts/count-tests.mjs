// Sums up Jest's reports: `count-tests.mjs <failed steps> <report>…`. Prints "N passed, N failed". Fails if a test or a
// step failed, a report is missing, or no test ran.
import { readFileSync } from 'node:fs';

const [failedSteps = '0', ...paths] = process.argv.slice(2);
const reports = paths.map(read);
const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum((report) => report.numPassedTests);
// A file that cannot be loaded and a missing report count as failures, because they have no tests to count.
const failed = sum((report) => report.numFailedTests + report.numRuntimeErrorTestSuites);

process.exitCode = Number(failedSteps) === 0 && failed === 0 && passed > 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };
  }
}
