/** Sends back what comes, on Node's channel or on one of this package, whichever there is. */
import { connectIpc } from 'procxy/ipc';

const channel = connectIpc() ?? process;
channel.on('message', (message) => channel.send(message));
