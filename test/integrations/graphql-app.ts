import { ForbiddenException, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  Field,
  GraphQLModule,
  Int,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { Session, sessionFromContext, SessionState, UseSession } from 'nestjs-redis-session';
import { barrier } from '../support/barrier.js';
import type { Platform } from './nest-app.js';

export interface Shop {
  cart: string[];
  seen: string[];
  left: number;
  right: number;
}

@ObjectType()
class Page {
  @Field(() => Int) left!: number;
  @Field(() => Int) right!: number;
  @Field(() => [String]) cart!: string[];
}

class HasCartGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return sessionFromContext<Shop>(context).cart !== undefined;
  }
}

/** Both fields are being resolved before either writes. */
let meet = barrier(2);

@Resolver(() => Page)
export class PageResolver {
  @Query(() => Page)
  page(): object {
    meet = barrier(2);
    return {};
  }

  @ResolveField()
  async left(@Session() session: Session<Shop>): Promise<number> {
    await meet();
    return (session.left = (session.left ?? 0) + 1);
  }

  @ResolveField()
  async right(@Session() session: Session<Shop>): Promise<number> {
    await meet();
    return (session.right = (session.right ?? 0) + 1);
  }

  @ResolveField()
  cart(@Session('cart') cart: string[] = []): string[] {
    return cart;
  }

  @Mutation(() => [String])
  add(@Args('item') item: string, @Session() session: Session<Shop>): string[] {
    session.cart = [...(session.cart ?? []), item];
    return session.cart;
  }

  @Mutation(() => Boolean)
  forbidden(@Session() session: Session<Shop>): boolean {
    session.seen = ['a refusal'];
    throw new ForbiddenException('Not for you');
  }

  @Query(() => [String])
  @UseGuards(HasCartGuard)
  checkout(@Session('cart') cart: string[]): string[] {
    return cart;
  }

  @Query(() => [String])
  seen(@Session('seen') seen: string[] | undefined): string[] {
    return seen ?? [];
  }

  @Query(() => Boolean)
  @SessionState('read-only')
  look(@Session() session: Session<Shop>): boolean {
    session.seen = ['a write'];
    return true;
  }

  @Mutation(() => Boolean)
  async logout(@Session() session: Session<Shop>): Promise<boolean> {
    await session.destroy();
    return true;
  }
}

@Resolver()
@UseSession('admin')
export class OfficeResolver {
  @Query(() => [String])
  orders(@Session('seen') orders: string[] | undefined): string[] {
    return orders ?? ['no order'];
  }
}

/** Apollo on Express, mercurius on Fastify. */
export function graphql(platform: Platform) {
  return platform === 'express'
    ? GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        graphiql: false,
      })
    : GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true });
}
