import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { jsonLines } from '../../src/channel/dialect.js';
import { MessageSocket } from '../../src/channel/message-socket.js';
import { until } from '../support/processes.js';

const LINE = '{"n":1}';
/** What Node reads at once, in such lines. */
const CHUNK = 65_536 / (LINE.length + 1);

test('a process that writes without end leaves every turn of the event loop to others too', async () => {
  const flooding = spawn('yes', [LINE], { stdio: ['ignore', 'pipe', 'inherit'] });
  let inTurn = 0;
  let most = 0;
  let total = 0;
  const socket = new MessageSocket(flooding.stdout as Socket, {
    dialect: jsonLines,
    maxMessageBytes: 1000,
    onMessage() {
      total++;
      most = Math.max(most, ++inTurn);
    },
    onError: (error) => {
      throw error;
    },
    onUnwritten: () => {},
    onEnd: () => {},
  });
  let turns = 0;
  const turn = (): unknown => ((inTurn = 0), turns++, total < 50 * CHUNK && setImmediate(turn));
  setImmediate(turn);
  await until(() => total >= 50 * CHUNK, 'much has been read');
  // Of the 32 chunks that the system would read in a row.
  expect(most).toBeLessThanOrEqual(8 * CHUNK);
  expect(turns).toBeGreaterThan(5);
  socket.close();
  flooding.kill();
});
