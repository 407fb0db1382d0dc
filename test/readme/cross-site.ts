import { Body, Controller, Module, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AllowCrossSite, CrossSiteGuard, RedisSessionModule } from 'nestjs-redis-session';

@Controller()
class SignOnController {
  @Post('saml/callback')
  @AllowCrossSite() // the identity provider's page posts here
  callback(@Body() body: { state: string }) {
    return body.state;
  }
}

@Module({
  imports: [RedisSessionModule.forRoot({ trustedOrigins: ['https://www.shop.example'] })],
  controllers: [SignOnController],
  providers: [{ provide: APP_GUARD, useClass: CrossSiteGuard }],
})
export class AppModule {}
