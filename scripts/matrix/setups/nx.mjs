import { join } from 'node:path';
import { editStarter, packagesToInstall } from './quick-start.mjs';

/** A workspace of the NestJS preset. Its application is in apps/shop. */
export const nx = {
  name: 'Nx, preset nest',
  node: 20,
  minutes: 10,
  ran: 'build, start, test',
  remark:
    'works; with TypeScript 6, its `jest.config.cts` must be renamed to `jest.config.cjs`, with or without the package',
  async run(shop) {
    shop.run('npx --yes create-nx-workspace@23 app --preset=nest --appName=shop --docker=false --nxCloud=skip --packageManager=npm --interactive=false --skipGit', { cwd: shop.folder }); // prettier-ignore
    shop.run(`npm install ${packagesToInstall(shop.tarball)}`);
    const source = join(shop.app, 'apps/shop/src/app');
    editStarter(source);
    shop.run('npx nx build shop');
    await shop.visit('node dist/apps/shop/main.js', { path: '/api/visits' });
    shop.run('mv apps/shop/jest.config.cts apps/shop/jest.config.cjs');
    shop.run('npx nx test shop');
    return [shop.version('nx', 'Nx'), shop.version('@nestjs/core', 'NestJS')];
  },
};
