/** This package with its defaults. */
export async function sessionsFor({ redisPort, entry, options }) {
  const { RedisSessionModule, SessionState } = await import(entry);
  return {
    exclusive: SessionState('exclusive'),
    imports: [RedisSessionModule.forRoot({ host: '127.0.0.1', port: redisPort, applicationName: 'bench', maxSessionBytes: 1024 * 1024, ...options })], // prettier-ignore
  };
}
