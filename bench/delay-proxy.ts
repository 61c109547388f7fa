/**
 * `delay-proxy.ts PORT UPSTREAM MILLISECONDS`: a TCP proxy on a loopback port that holds every chunk back,
 * each way, in order. A process of its own, so that its work does not slow the one that measures.
 */
import { connect, createServer, type Socket } from 'node:net';

const [port, upstream, delay] = process.argv.slice(2).map(Number);

/** More than this on the way: the sender waits, as it would for a full window. */
const window = 64 * 1024 * 1024;

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const far = connect({
    port: upstream ?? 0,
    host: '127.0.0.1',
    noDelay: true,
    allowHalfOpen: true,
  });
  late(client, far);
  late(far, client);
});

/** Timers of one length run out in the order they were set, so chunks keep theirs. */
function late(from: Socket, to: Socket): void {
  let onTheWay = 0;
  from.on('data', (bytes) => {
    onTheWay += bytes.length;
    if (onTheWay > window) from.pause();
    setTimeout(() => {
      onTheWay -= bytes.length;
      if (!to.destroyed) to.write(bytes);
      if (onTheWay <= window) from.resume();
    }, delay);
  });
  from.on('end', () => setTimeout(() => to.end(), delay));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroySoon(), delay));
}

server.listen(port, '127.0.0.1', () => console.log('ready'));
