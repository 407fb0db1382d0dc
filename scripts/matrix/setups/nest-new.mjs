// The applications that the NestJS CLI makes, with the quick start in their AppModule and AppController.
import { join } from 'node:path';
import { editStarter, packagesToInstall } from './quick-start.mjs';
import { overrides, pinned } from './workshop.mjs';

const nest11 = 'npx --yes @nestjs/cli@11 new app --package-manager npm --skip-git --skip-install';
const nest12 =
  'npx --yes @nestjs/cli@12 new app --package-manager npm --skip-git --skip-install --no-observe';
// `nest new` asks for the module system and has no flag for it; this is the command that it runs after the question.
const nest12CommonJs =
  'npx --yes -p @nestjs/cli@12 schematics @nestjs/schematics:application --name=app --language=ts --type=cjs --no-interactive';

export const starters = {
  nest11: { name: '`nest new` of CLI 11: CommonJS, ts-jest', node: 20, make: nest11, short: true },
  nest12: { name: '`nest new` of CLI 12: ES modules, Vitest', node: 24, make: nest12, short: true },
  nest12CommonJs: {
    name: '`nest new` of CLI 12: CommonJS, ts-jest',
    node: 24,
    make: nest12CommonJs,
  },
};

export const nestNew = Object.entries(starters).map(([key, starter]) => ({
  ...starter,
  key,
  base: key,
  minutes: 6,
  ran: 'build, start, lint, test, test:e2e',
  async run(shop) {
    shop.run('npm run build');
    await shop.visit('npm run start:prod');
    for (const script of ['lint', 'test', 'test:e2e']) shop.run(`npm run ${script}`);
    return [shop.version('@nestjs/cli', 'CLI'), shop.version('@nestjs/core', 'NestJS'), shop.version('typescript', 'TypeScript')]; // prettier-ignore
  },
}));

/** Makes the application, installs what it lists, and follows the quick start. */
export function makeStarter(shop, starter) {
  scaffold(shop, starter);
  shop.run('npm install');
  shop.run(`npm install ${packagesToInstall(shop.tarball)}`);
}

/** Makes the application with the code of the quick start, and installs nothing. */
export function scaffold(shop, { make }) {
  shop.run(make, { cwd: shop.folder });
  shop.edit('package.json', (manifest) => {
    manifest.overrides = overrides;
    for (const name of Object.keys(pinned)) {
      if (name in manifest.devDependencies) manifest.devDependencies[name] = pinned[name];
    }
  });
  editStarter(join(shop.app, 'src'));
}
