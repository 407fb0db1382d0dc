// How TypeScript finds the declarations: of the package and of its subpath.
import { packagesToInstall, replaceModule } from './quick-start.mjs';

const subpath = `import { GatewaySession } from 'nestjs-redis-session/websockets';
export const withSession: ClassDecorator = GatewaySession();
`;

const resolutions = {
  node10: '--module commonjs --moduleResolution node10',
  node16: '--module node16 --moduleResolution node16',
  nodenext: '--module nodenext --moduleResolution nodenext',
  bundler: '--module esnext --moduleResolution bundler',
};

const checks =
  '--noEmit --strict --experimentalDecorators --emitDecoratorMetadata --target ES2023 --types node --skipLibCheck';

export const typeResolution = Object.entries(resolutions).flatMap(([name, flags]) => [
  {
    name: `moduleResolution ${name}`,
    key: name,
    node: 20,
    minutes: 6,
    ran: 'tsc --noEmit of the quick start and of `/websockets`, as CommonJS and as ES modules',
    run(shop) {
      const versions = [];
      for (const [type, typescript] of [
        ['commonjs', 5],
        ['module', 6],
      ]) {
        shop.make({ name: 'consumer', private: true, type });
        replaceModule(shop.app);
        shop.write('gateway.ts', subpath);
        shop.run(`npm install ${packagesToInstall(shop.tarball)} @nestjs/core@11 @nestjs/common@11 @nestjs/websockets@11 reflect-metadata rxjs @types/node@20 typescript@${typescript}`); // prettier-ignore
        const deprecated = name === 'node10' && typescript === 6 ? '--ignoreDeprecations 6.0' : '';
        shop.run(`npx tsc ${checks} ${flags} ${deprecated} app.module.ts gateway.ts`);
        versions.push(shop.version('typescript', 'TypeScript'));
      }
      return versions;
    },
  },
]);
