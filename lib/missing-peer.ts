// The packages that applications install themselves.
const PEERS = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/terminus',
  '@nestjs/websockets',
  '@opentelemetry/api',
  'class-validator',
  'devalue',
  'ioredis',
  'reflect-metadata',
  'rxjs',
];

/**
 * Loads a part of the package. Called by the CommonJS entry points; imports of ES modules fail before any code runs, with
 * an error of Node that names the package.
 * @throws Error that says what to install if a package is missing that this one needs
 */
export function loadWithPeers<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const name = code === 'MODULE_NOT_FOUND' && PEERS.find((peer) => message.includes(`'${peer}'`));
    if (!name) throw error;
    const version = name.startsWith('@nestjs/') ? ', in the version of your other @nestjs packages' : '';
    throw Object.assign(
      new Error(
        `nestjs-redis-session needs the package ${name}, which is not installed. Run: npm install ${name}${version}`,
        { cause: error },
      ),
      { code },
    );
  }
}
