import { createServer } from 'node:http';

/** An HTTP server without a port: its connections are brought to it. */
export class WebServer {
  /** @type {import('node:http').Server} */
  #http;
  #connections = 0;
  #requests = 0;

  /** @param {string} name */
  constructor(name) {
    this.#http = createServer((_request, response) => {
      this.#requests++;
      response.setHeader('x-served-by', name);
      response.end('Hello.\n');
    });
  }

  /** @param {import('node:net').Socket} socket */
  serve(socket) {
    this.#connections++;
    this.#http.emit('connection', socket);
    // If it arrives paused, as it was accepted with `pauseOnConnect`, nobody else would start its reading.
    socket.resume();
  }

  /** What this process has done so far. */
  counts() {
    return { connections: this.#connections, requests: this.#requests };
  }
}
