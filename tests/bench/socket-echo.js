import { Socket } from 'node:net';

const socket = new Socket({ fd: 3, readable: true, writable: true });
socket.pipe(socket);
