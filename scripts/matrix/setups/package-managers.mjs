// Package managers that let a package import only what it declares.
import { packagesToInstall } from './quick-start.mjs';
import { scaffold, starters } from './nest-new.mjs';

export const packageManagers = [
  {
    name: 'pnpm',
    node: 24,
    minutes: 6,
    ran: 'install, build, start, test, test:e2e (`nest new` of CLI 12)',
    async run(shop) {
      scaffold(shop, starters.nest12);
      const pnpm = 'npx --yes pnpm@10';
      shop.run(`${pnpm} install`);
      shop.run(`${pnpm} add ${packagesToInstall(shop.tarball)}`);
      shop.run(`${pnpm} run build`);
      await shop.visit('node dist/main.js');
      for (const script of ['test', 'test:e2e']) shop.run(`${pnpm} run ${script}`);
      return [`pnpm ${shop.run(`${pnpm} --version`).trim()}`];
    },
  },
  {
    name: "Yarn, Plug'n'Play",
    node: 20,
    minutes: 6,
    ran: 'install, build, start, test, test:e2e (`nest new` of CLI 11)',
    remark: 'works; `ts-jest` needs `jest-util` beside it: `yarn add -D jest-util`',
    async run(shop) {
      scaffold(shop, starters.nest11);
      shop.run('npm install --prefix ../yarn @yarnpkg/cli-dist@4');
      const yarn = 'node ../yarn/node_modules/@yarnpkg/cli-dist/bin/yarn.js';
      shop.write(
        '.yarnrc.yml',
        'nodeLinker: pnp\nenableGlobalCache: false\nenableImmutableInstalls: false\n',
      );
      shop.edit('package.json', (manifest) => (manifest.resolutions = manifest.overrides));
      shop.write('yarn.lock', '');
      shop.run(`${yarn} install`);
      shop.run(`${yarn} add -D jest-util@30`);
      const packages = packagesToInstall(`nestjs-redis-session@file:${shop.tarball}`);
      shop.run(`${yarn} add ${packages}`);
      shop.run(`${yarn} build`);
      await shop.visit(`${yarn} node dist/main.js`);
      for (const script of ['test', 'test:e2e']) shop.run(`${yarn} ${script}`);
      return [`Yarn ${shop.run(`${yarn} --version`).trim()}`];
    },
  },
];
