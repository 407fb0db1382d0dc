import {
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import flash from 'connect-flash';
import { Session } from 'nestjs-redis-session';
import passport from 'passport';
import { promisify } from 'node:util';
import { Strategy } from 'passport-local';
import type { Platform } from './nest-app.js';

interface User {
  id: number;
  name: string;
}

/** What Passport and connect-flash add to a request. */
export interface PassportRequest {
  user?: User;
  session: Session<Shop>;
  isAuthenticated(): boolean;
  logout(options: { keepSessionInfo?: boolean }, done: (error: unknown) => void): void;
  flash(type: string, message: string): number;
  flash(type: string): string[];
}

export interface Shop {
  cart: string[];
  passport: { user?: number };
}

/** The users who can log in. A test that removes one adds them again. */
export const users = new Map<number, User>([[7, { id: 7, name: 'ada' }]]);

@Injectable()
class LocalStrategy extends PassportStrategy(Strategy) {
  validate(username: string, password: string): User {
    const user = [...users.values()].find(({ name }) => name === username);
    if (user === undefined || password !== 'lovelace') throw new UnauthorizedException();
    return user;
  }
}

@Injectable()
class UserSerializer extends PassportSerializer {
  serializeUser(user: User, done: (error: unknown, id: number) => void): void {
    done(null, user.id);
  }

  deserializeUser(id: number, done: (error: unknown, user: User | false) => void): void {
    done(null, users.get(id) ?? false);
  }
}

/** Logs in as in the documentation of NestJS. */
@Injectable()
class LoginGuard extends AuthGuard('local') {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const allowed = (await super.canActivate(context)) as boolean;
    await super.logIn(context.switchToHttp().getRequest());
    return allowed;
  }
}

@Injectable()
class LoggedInGuard {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<PassportRequest>().isAuthenticated();
  }
}

@Controller()
export class AccountController {
  @Post('cart')
  fill(@Session() session: Session<Shop>): string[] {
    return (session.cart = ['tea']);
  }

  @Get('cart')
  cart(@Session('cart') cart: string[] | undefined): { cart: string[] | null } {
    return { cart: cart ?? null };
  }

  @Post('login')
  @UseGuards(LoginGuard)
  login(@Req() request: PassportRequest): User {
    return request.user!;
  }

  @Get('account')
  @UseGuards(LoggedInGuard)
  account(@Req() request: PassportRequest): User {
    return request.user!;
  }

  @Get('whoami')
  whoami(@Req() { user, session }: PassportRequest): unknown {
    return { user: user?.name ?? null, passport: session.passport ?? null };
  }

  @Post('logout')
  async logout(@Req() request: PassportRequest): Promise<void> {
    await this.#logout(request, {});
  }

  @Post('logout-and-keep')
  async logoutAndKeep(@Req() request: PassportRequest): Promise<void> {
    await this.#logout(request, { keepSessionInfo: true });
  }

  @Post('notice')
  notice(@Req() request: PassportRequest): number {
    return request.flash('info', 'Welcome back');
  }

  @Get('notices')
  notices(@Req() request: PassportRequest): string[] {
    return request.flash('info');
  }

  #logout(request: PassportRequest, options: { keepSessionInfo?: boolean }): Promise<void> {
    return promisify(request.logout.bind(request, options))();
  }
}

/** Passport as an application registers it; what is given goes to `PassportModule.register()`. */
export function accounts(options: { keepSessionInfo?: boolean } = {}): new () => object {
  @Module({
    imports: [PassportModule.register({ session: true, ...options })],
    controllers: [AccountController],
    providers: [LocalStrategy, UserSerializer],
  })
  class AccountsModule {}
  return AccountsModule;
}

type Middleware = (request: object, response: object, next: (error?: unknown) => void) => void;

/** What main.ts adds. Fastify's middleware sees the raw request; a hook sees the one that guards see. */
export function useMiddleware(app: INestApplication, platform: Platform): void {
  const middleware: Middleware[] = [passport.session(), flash()];
  if (platform === 'express') middleware.forEach((one) => app.use(one));
  else {
    const fastify = app.getHttpAdapter().getInstance() as { addHook(name: string, hook: Middleware): void };
    middleware.forEach((one) => fastify.addHook('onRequest', one));
  }
}
