// Builds the package: ES modules in dist/esm, CommonJS in dist/cjs, each with declarations of its own.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './smoke-support.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

embedScripts();
rmSync(`${root}dist`, { recursive: true, force: true });
run('npx', ['nest', 'build', 'nestjs-redis-session'], { cwd: root });
run('npx', ['tsc', '-p', 'tsconfig.cjs.json'], { cwd: root });
// Below a package.json of type "module", Node takes a .js file for an ES module.
writeFileSync(`${root}dist/cjs/package.json`, '{ "type": "commonjs" }\n');

/** The Lua scripts as a module: nothing is read from disk at run time, so bundlers carry them along. */
function embedScripts() {
  const folder = `${root}lib/redis/lua`;
  const files = readdirSync(folder).filter((file) => file.endsWith('.lua')).toSorted(); // prettier-ignore
  const entries = files.map((file) => {
    const text = readFileSync(`${folder}/${file}`, 'utf8').replaceAll(/[\\`]|\$\{/g, '\\$&');
    return `  '${file.replace('.lua', '')}': \`${text}\`,\n`;
  });
  writeFileSync(
    `${folder}/sources.ts`,
    `// Written by npm run build from the files beside it. Edit those.\nexport const luaSources = {\n${entries.join('')}};\n`,
  );
}
