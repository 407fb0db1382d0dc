// The quick start of the README, as its reader copies it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const section = /^## Quick start\n([\s\S]*?)^## /m.exec(readme)[1];
const code = /^```ts\n([\s\S]*?)^```/m.exec(section)[1];

/** The packages that its install line names, with the tarball in the place of the published package. */
export function packagesToInstall(tarball) {
  const [, packages] = /^npm install (.+)$/m.exec(section);
  return packages.replace('nestjs-redis-session', tarball);
}

/** Its code as the application's only module. */
export function replaceModule(folder) {
  writeFileSync(join(folder, 'app.module.ts'), code);
}

/** Its lines in the AppModule and the AppController that a starter has made. */
export function editStarter(folder) {
  edit(join(folder, 'app.module.ts'), (text) =>
    `import { RedisSessionModule } from 'nestjs-redis-session';\n${text}`.replace(
      'imports: []',
      part(/imports: \[.*\]/),
    ),
  );
  edit(join(folder, 'app.controller.ts'), (text) => {
    const imports = `import { Post } from '@nestjs/common';\nimport { Session } from 'nestjs-redis-session';\n`;
    const handler = part(/^ {2}@Post[\s\S]*?^ {2}\}\n/m);
    return imports + text.replace('@Controller', `${part(/^interface [\s\S]*?^\}\n/m)}\n@Controller`).replace(/\}\s*$/, `\n${handler}}\n`); // prettier-ignore
  });
}

/** The part of the code that matches. */
function part(pattern) {
  return pattern.exec(code)[0];
}

function edit(file, change) {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}
