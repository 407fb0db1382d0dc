// Applications that run from their sources.
import { pinned } from './workshop.mjs';

const vitestConfig = `import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { globals: true, include: ['**/*.spec.ts', '**/*.e2e-spec.ts'] },
  plugins: [swc.vite({ module: { type: 'es6' } })],
});
`;

export const runners = [
  {
    name: 'ts-node',
    base: 'nest11',
    node: 20,
    minutes: 6,
    ran: 'start',
    async run(shop) {
      await shop.visit('node --require ts-node/register src/main.ts');
      return [shop.version('ts-node')];
    },
  },
  {
    name: 'tsx',
    base: 'nest12',
    node: 24,
    minutes: 6,
    ran: 'start',
    remark: 'works; as in every NestJS application, tsx needs `@Inject()` for what is injected by type',
    async run(shop) {
      shop.run('npm install -D tsx');
      await shop.visit('npx tsx src/main.ts');
      return [shop.version('tsx')];
    },
  },
  {
    name: 'Vitest with SWC',
    base: 'nest11',
    node: 24,
    minutes: 6,
    ran: 'unit and e2e tests of the starter',
    async run(shop) {
      shop.run(`npm install -D vitest unplugin-swc @swc/core@${pinned['@swc/core']}`);
      shop.write('vitest.config.mts', vitestConfig);
      shop.run('npx vitest run');
      return [shop.version('vitest', 'Vitest'), shop.version('@swc/core', 'SWC')];
    },
  },
];
