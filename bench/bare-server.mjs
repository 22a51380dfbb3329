/**
 * The baseline for HTTP figures: Nest on Fastify, set up as in the service, with two routes that do nothing and without
 * guards, pipes and a store. `GET` returns a constant as long as a job's status; `POST` also reads a body.
 */
import 'reflect-metadata';
import { Controller, Get, HttpCode, Module, Post, Header } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

let constant = JSON.stringify({ padding: 'x'.repeat(500) });

class BareController {
  get() {
    return constant;
  }
  post() {
    return constant;
  }
  /** `/size/400` sets the length of the constant to 400 bytes. */
  size(request) {
    constant = JSON.stringify({ padding: 'x'.repeat(Number(request.params.bytes) - 14) });
    return constant;
  }
}
class BareModule {}

// Does what decorators do in TypeScript.
const decorate = (name, ...decorators) => {
  const property = Object.getOwnPropertyDescriptor(BareController.prototype, name);
  for (const decorator of decorators) decorator(BareController.prototype, name, property);
};
const json = Header('content-type', 'application/json; charset=utf-8');
decorate('get', Get('constant/:id'), json);
decorate('post', Post('constant'), HttpCode(200), json);
Controller()(BareController);
Module({ controllers: [BareController] })(BareModule);

const app = await NestFactory.create(BareModule, new FastifyAdapter(), { logger: false });
app.getHttpAdapter().get('/size/:bytes', (request, reply) => {
  reply.send(BareController.prototype.size(request));
});
await app.listen(Number(process.argv[2] ?? 0), '127.0.0.1');
console.log(`The bare server listens on ${await app.getUrl()}`);
process.on('SIGTERM', () => process.exit(0));
