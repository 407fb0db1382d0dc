import { Controller, Logger, Module, Post } from '@nestjs/common';
import { RedisSessionModule } from 'nestjs-redis-session';
import { dbsc, RequireDeviceBound } from 'nestjs-redis-session/dbsc';

const { DEVICE_KEY = '', OLD_DEVICE_KEY = '' } = process.env;

const logger = new Logger('Sessions');

@Controller()
class TransferController {
  @Post('transfers')
  @RequireDeviceBound()
  transfer() {
    return { accepted: true };
  }
}

@Module({
  imports: [
    RedisSessionModule.forRoot({
      deviceBound: dbsc({
        mode: 'observe',
        keys: [DEVICE_KEY, OLD_DEVICE_KEY],
        onStolen: ({ id, count }) =>
          logger.warn(`${count} requests without proof, the last for session ${id}`),
      }),
    }),
  ],
  controllers: [TransferController],
})
export class AppModule {}
