// Applications that something else than tsc builds. Bundles start in a folder without node_modules.
import { pinned } from './workshop.mjs';

// What NestJS loads only if it is installed. Bundlers must leave it out, whatever package is used with NestJS.
const optional = [
  '@nestjs/microservices',
  '@nestjs/microservices/microservices-module',
  '@nestjs/websockets',
  '@nestjs/websockets/socket-module',
  'class-transformer',
  'class-transformer/storage',
];

const rspackConfig = `const { rspack } = require('@rspack/core');
const optional = ${JSON.stringify([...optional, 'file-type'])};
module.exports = {
  entry: './src/main.ts',
  target: 'node',
  mode: 'production',
  optimization: { minimize: false },
  output: { filename: 'main.js', path: require('node:path').resolve(__dirname, '../bundle') },
  resolve: { extensions: ['.ts', '.js'] },
  module: {
    rules: [{
      test: /\\.ts$/,
      loader: 'builtin:swc-loader',
      options: { jsc: { parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } } },
    }],
  },
  plugins: [new rspack.IgnorePlugin({ checkResource: (name) => optional.includes(name) })],
};
`;

const inNest11 = { base: 'nest11', node: 20, minutes: 6 };
const inNest12 = { base: 'nest12', node: 24, minutes: 6 };

const withSwc = {
  ran: 'build, start',
  async run(shop) {
    shop.run(`npm install -D @swc/cli @swc/core@${pinned['@swc/core']}`);
    shop.run('npx nest build --builder swc --type-check');
    await shop.visit('node dist/main.js');
    return [shop.version('@swc/core', 'SWC')];
  },
};

export const builders = [
  { ...inNest11, ...withSwc, name: '`nest build`, SWC (CLI 11)' },
  { ...inNest12, ...withSwc, name: '`nest build`, SWC (CLI 12, ES modules)' },
  {
    ...inNest11,
    name: '`nest build`, webpack (CLI 11)',
    ran: 'build, start',
    async run(shop) {
      shop.run('npx nest build --builder webpack');
      await shop.visit('node dist/main.js');
      return [shop.version('webpack')];
    },
  },
  {
    ...inNest11,
    name: 'esbuild',
    ran: 'bundle of the built application, start',
    async run(shop) {
      shop.run('npm install -D esbuild');
      shop.run('npm run build');
      const left = optional.map((name) => `--external:${name}`).join(' ');
      shop.run(`npx esbuild dist/main.js --bundle --platform=node --outfile=../bundle/main.js ${left}`);
      await shop.visit('node main.js', { cwd: `${shop.folder}/bundle` });
      return [shop.version('esbuild')];
    },
  },
  {
    ...inNest11,
    name: 'ncc',
    ran: 'bundle of the built application, start',
    async run(shop) {
      shop.run('npm install -D @vercel/ncc');
      shop.run('npm run build');
      shop.run('npx ncc build dist/main.js --out ../bundle');
      await shop.visit('node index.js', { cwd: `${shop.folder}/bundle` });
      return [shop.version('@vercel/ncc', 'ncc')];
    },
  },
  {
    ...inNest11,
    name: 'Rspack',
    ran: 'bundle of the sources, start',
    async run(shop) {
      shop.run('npm install -D @rspack/core@1 @rspack/cli@1');
      shop.write('rspack.config.js', rspackConfig);
      shop.run('npx rspack build');
      await shop.visit('node main.js', { cwd: `${shop.folder}/bundle` });
      return [shop.version('@rspack/core', 'Rspack')];
    },
  },
];
