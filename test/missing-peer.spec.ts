import { describe, expect, it } from '@jest/globals';
import { loadWithPeers } from '../lib/missing-peer.js';

const notFound = (name: string): Error =>
  Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- /app/main.js`), {
    code: 'MODULE_NOT_FOUND',
  });

const failure = (error: Error): unknown => {
  try {
    return loadWithPeers(() => {
      throw error;
    });
  } catch (thrown) {
    return thrown;
  }
};

// scripts/smoke-package.mjs takes the peers away from the packed package.
describe('a package that is not installed', () => {
  it('is named, with the command that installs it', () => {
    const cause = notFound('class-validator');
    expect(failure(cause)).toMatchObject({
      message:
        'nestjs-redis-session needs the package class-validator, which is not installed. Run: npm install class-validator',
      code: 'MODULE_NOT_FOUND',
      cause,
    });
  });

  it('is installed in the version of NestJS if it belongs to it', () => {
    expect(failure(notFound('@nestjs/websockets'))).toMatchObject({
      message: expect.stringContaining(
        'npm install @nestjs/websockets, in the version of your other @nestjs packages',
      ),
    });
  });

  it.each([notFound('./somewhere'), new TypeError("Cannot read 'ioredis'")])(
    'is not blamed for another error: %s',
    (error) => {
      expect(failure(error)).toBe(error);
    },
  );
});
