// Runtimes other than Node.
const bun = (shop) => {
  shop.run('npm install --prefix ../bun bun');
  return '../bun/node_modules/.bin/bun';
};

export const runtimes = [
  {
    name: 'Bun',
    base: 'nest12',
    node: 24,
    minutes: 6,
    ran: 'start from the sources',
    async run(shop) {
      await shop.visit(`${bun(shop)} src/main.ts`);
      return [`Bun ${shop.run('../bun/node_modules/.bin/bun --version').trim()}`];
    },
  },
  {
    name: '`bun build`',
    base: 'nest11',
    node: 20,
    minutes: 6,
    ran: 'bundle of the built application, start on Bun and on Node',
    async run(shop) {
      shop.run('npm run build');
      const external = ['@nestjs/microservices', '@nestjs/websockets', 'class-transformer'].map((name) => `--external '${name}*'`); // prettier-ignore
      shop.run(`${bun(shop)} build dist/main.js --target=node --outdir=../bundle ${external.join(' ')}`);
      await shop.visit('../bun/node_modules/.bin/bun main.js', { cwd: `${shop.folder}/bundle` });
      await shop.visit('node main.js', { cwd: `${shop.folder}/bundle` });
      return [`Bun ${shop.run('../bun/node_modules/.bin/bun --version').trim()}`];
    },
  },
  {
    name: 'Deno',
    base: 'nest12',
    node: 24,
    minutes: 6,
    ran: 'start of the built application',
    async run(shop) {
      shop.run('npm install --prefix ../deno deno');
      shop.run('npm run build');
      await shop.visit('../deno/node_modules/.bin/deno run --allow-all dist/main.js');
      return [shop.run('../deno/node_modules/.bin/deno --version').split('\n')[0].replace(/^deno (\S+).*/, 'Deno $1')]; // prettier-ignore
    },
  },
];
