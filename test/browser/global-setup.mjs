import { ensureProgram } from '../support/system-program.mjs';
import setUpRedis from '../support/global-setup.mjs';

const howToInstall = `The tests of the page run a real Chromium; install one:
  Debian, Ubuntu:  sudo apt-get install chromium
  elsewhere:       set CHROMIUM=/path/to/chromium (or to Chrome)`;

/** Jest's globalSetup: the workers inherit CHROMIUM and REDIS_SERVER. */
export default function globalSetup() {
  process.env.CHROMIUM = ensureProgram({ program: 'chromium', variable: 'CHROMIUM', howToInstall });
  setUpRedis();
}
