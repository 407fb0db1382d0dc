import { register } from 'node:module';

// `node --import ./test/soak/typescript.mjs file.ts` runs TypeScript with the decorators that NestJS needs.
register('./typescript-hooks.mjs', import.meta.url);
