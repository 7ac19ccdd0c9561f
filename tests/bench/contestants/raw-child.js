import { usedAfterCollection } from './heap.js';

let answered;

process.on('message', async (message) => {
  if (message.answer) answered();
  else if (message.fire) {
    for (let n = 1; n <= message.fire; n++) process.send({ fired: n });
    process.send({ id: message.id });
  } else if (message.asks) {
    for (let n = 1; n <= message.asks; n++) {
      const answer = new Promise((resolve) => {
        answered = resolve;
      });
      process.send({ ask: n });
      await answer;
    }
    process.send({ id: message.id });
  } else if (message.heap) process.send({ id: message.id, value: usedAfterCollection() });
  else process.send(message);
});
