import { BadRequestException, Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { createRemoteJWKSet, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { RedisSessionModule, SessionRepository, SessionState } from 'nestjs-redis-session';

export const withProviderSessions = RedisSessionModule.forRoot({
  indexes: { sid: (session) => session.sid }, // the login stored the sid of the ID token; session.user is its sub
});

export const providerKeys = {
  provide: 'PROVIDER_KEYS',
  useFactory: () => createRemoteJWKSet(new URL('https://login.example/jwks')),
};

const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

@Controller()
export class BackChannelLogoutController {
  constructor(
    private readonly sessions: SessionRepository,
    @Inject('PROVIDER_KEYS') private readonly keys: JWTVerifyGetKey,
  ) {}

  @Post('backchannel-logout')
  @HttpCode(200)
  @SessionState('disabled') // the provider sends no cookie
  async logout(
    @Body() body: { logout_token?: string } | undefined,
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
  ) {
    response.header('Cache-Control', 'no-store');
    try {
      const { sid, sub } = await this.verified(body?.logout_token ?? '');
      if (sid !== undefined) await this.sessions.destroyByIndex('sid', sid as string);
      else await this.sessions.destroyByUser(sub!);
    } catch (cause) {
      // Section 2.8: 400 for a token that is not valid, and for a logout that failed.
      throw new BadRequestException({ error: 'invalid_request' }, { cause });
    }
  }

  /** @throws if this is no logout token of our provider for us (section 2.6) */
  private async verified(token: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.keys, {
      issuer: 'https://login.example',
      audience: 'shop',
      algorithms: ['RS256'],
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      maxTokenAge: '5 minutes',
    });
    const events = payload['events'] as Record<string, unknown> | null;
    if (typeof events?.[LOGOUT] !== 'object') throw new Error('The token is of another event.');
    if ('nonce' in payload) throw new Error('An ID token is no logout token.');
    return payload;
  }
}
