import { connect } from 'node:net';
import type { Random } from '../soak/random.js';
import type { FuzzInput, Shown } from './fuzz-input.js';
import type { FuzzTarget } from './fuzz-target.js';
import { textOf, VICTIMS_DATA, type People } from './people.js';
import { rawRequest, requestBytes } from './raw-request.js';
import { anyText, mutated } from './random-text.js';

const ANSWERS_WITHIN_MILLISECONDS = 300;
const TEXT = 1;
const OPCODES = [TEXT, TEXT, TEXT, TEXT, 2, 0, 3, 8, 9, 10, 15];

/** Messages over WebSockets, for ws and for socket.io: well-formed, nearly, and not at all. */
export class FrameInputs {
  readonly name = 'frames';

  constructor(
    private readonly target: FuzzTarget,
    private readonly people: People,
  ) {}

  cpu(): Promise<number> {
    return this.target.cpu();
  }

  next(random: Random): FuzzInput {
    const index = random.integer(0, this.target.applications.length - 1);
    const { name, sockets } = this.target.applications[index]!;
    const messages = Array.from({ length: random.integer(1, 4) }, () => message(random, sockets));
    const frames = messages.map((text) => frame(random.pick(OPCODES), text, random.chance(0.9)));
    const first = sockets === 'ws' ? [] : [frame(TEXT, '40', true)];
    const probe = frame(TEXT, sockets === 'ws' ? '{"event":"probe"}' : '42["probe"]', true);
    const bytes = Buffer.concat([...first, ...frames, probe]);
    const path = sockets === 'ws' ? '/' : '/socket.io/?EIO=4&transport=websocket';
    const run = (): Promise<Shown> => this.#run(this.target.applications[index]!.port, path, bytes);
    return { text: `${name} ${sockets}: ${messages.join('\n')}`, bytes: bytes.length, run };
  }

  async #run(port: number, path: string, bytes: Buffer): Promise<Shown> {
    const { text, answered } = await exchange(
      port,
      handshake(path, textOf(this.people.attacker.shop)),
      bytes,
    );
    const faults = text.includes(VICTIMS_DATA) ? ['foreign data'] : [];
    // A socket may have nothing to say, or be closed; the application must still answer others.
    if (!answered && (await rawRequest(port, requestBytes('GET', '/shop/read', []))).hung)
      faults.push('hang');
    const refused = /"code":"(SESSION_\w+)"|"message":"(Internal server error)"/.exec(text);
    return { faults, serverError: refused?.[1] ?? refused?.[2] };
  }
}

function message(random: Random, sockets: 'ws' | 'socket.io'): string {
  const depth = random.pick([1, 10, 1000, 8000]);
  const data = random.pick([
    () => JSON.stringify(anyText(random)),
    () => `${'['.repeat(depth)}${']'.repeat(depth)}`,
    () => '{"__proto__":{"polluted":1},"constructor":null}',
    () => random.pick(['', 'null', '1e999', '{', '"', '[]', '{}', '{"_placeholder":true,"num":0}', '-0']),
    () => JSON.stringify('x'.repeat(random.pick([10, 10_000, 100_000]))),
  ])();
  const event = random.pick([
    '"say"',
    '"say"',
    '"say"',
    '"probe"',
    '"__proto__"',
    '"constructor"',
    'null',
    '1',
    '{}',
    JSON.stringify(anyText(random)),
  ]);
  const whole = sockets === 'ws' ? `{"event":${event},"data":${data}}` : packet(random, `[${event},${data}]`);
  return random.chance(0.3) ? mutated(random, whole) : whole;
}

function packet(random: Random, content: string): string {
  const type = random.pick([
    '42',
    '42',
    '42',
    '42',
    '421',
    '451-',
    '4599999-',
    '43',
    '44',
    '41',
    '40',
    '4',
    '2',
    '3',
    '1',
    '6',
    '9',
  ]);
  return type + content;
}

function handshake(path: string, credential: string): string {
  const headers = [
    'host: 127.0.0.1',
    'upgrade: websocket',
    'connection: Upgrade',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    `cookie: sid=${credential}`,
  ];
  return `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
}

/** A frame as clients send them: masked, here with zeros, which leave the bytes as they are. */
function frame(opcode: number, text: string, isLast: boolean): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const head = [(isLast ? 0x80 : 0) | opcode];
  if (length < 126) head.push(0x80 | length);
  else if (length < 65_536) head.push(0x80 | 126, length >> 8, length & 255);
  else
    head.push(0x80 | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255);
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

function exchange(
  port: number,
  opening: string,
  bytes: Buffer,
): Promise<{ text: string; answered: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let sent = false;
    const end = (answered: boolean) => (): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ text, answered });
    };
    const deadline = setTimeout(end(false), ANSWERS_WITHIN_MILLISECONDS);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (!sent && text.includes('\r\n\r\n')) {
        sent = true;
        socket.write(bytes);
      }
      if (text.includes('"probed"')) end(true)();
    });
    socket.on('error', () => undefined).on('close', end(true));
    socket.write(opening);
  });
}
