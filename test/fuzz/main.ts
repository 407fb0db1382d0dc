import { Random } from '../soak/random.js';
import { RedisServer } from '../support/redis-server.js';
import { AttributeInputs } from './attribute-inputs.js';
import { CookieInputs } from './cookie-inputs.js';
import { FrameInputs } from './frame-inputs.js';
import { fuzzArguments } from './fuzz-arguments.js';
import { FuzzReport } from './fuzz-report.js';
import { FuzzRun } from './fuzz-run.js';
import { FuzzTarget } from './fuzz-target.js';
import { HeaderInputs } from './header-inputs.js';
import { OptionInputs } from './option-inputs.js';
import { makePeople } from './people.js';
import { RecordInputs } from './record-inputs.js';
import { TargetInputs } from './target-inputs.js';
import { Watchdog } from './watchdog.js';

const given = fuzzArguments();
console.log(`fuzz: ${given.seconds} seconds, seed ${given.seed}`);
const server = await RedisServer.start();
const target = new FuzzTarget(server.port);
const report = new FuzzReport();
try {
  const people = await makePeople(server.admin, new Random(given.seed));
  await target.start();
  await new FuzzRun(target, new Watchdog(given.seed), report, given).run([
    new CookieInputs(target, people),
    new HeaderInputs(target, people),
    new TargetInputs(target, people),
    new RecordInputs(target, people, server.admin),
    new OptionInputs(),
    new AttributeInputs(),
    new FrameInputs(target, people),
  ]);
} finally {
  target.stop();
  await server.stop();
}
console.log(`\n${report.toString(given.seed)}`);
process.exit(report.failed ? 1 : 0);
