/**
 * `npm run fuzz`, with `--messages N` for so many in each mode: random messages to both sides of a session, and a hundredth as many
 * values between two sides that keep the protocol, and a tenth as many envelopes from a child with several instances; then, with `--bytes N` and `--seed N`, so many attacks on the parent's end of a socket channel, and a hundred times as many damaged messages for its decoder; then, with
 * `--frames N`, so many frames to a host as a hostile client sends them, and to a client as a hostile host does. These need nats-server.
 */
import { parseArgs } from 'node:util';
import { hasNats } from '../support/nats.js';
import { fuzzBytes } from './bytes.js';
import { fuzz } from './fuzz.js';
import { fuzzClient } from './fuzz-client.js';
import { fuzzEnvelopes } from './fuzz-envelopes.js';
import { fuzzHandles } from './fuzz-handles.js';
import { fuzzHost } from './fuzz-host.js';
import { fuzzHonest } from './honest.js';
import { fuzzPayloads } from './payloads.js';

const text = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: { messages: text('1000000'), bytes: text('10000'), frames: text('300000'), seed: text(`${Date.now()}`) },
});
const half = Math.ceil(Number(values.messages) / 2);
const bytes = Number(values.bytes);
const frames = hasNats ? Number(values.frames) : 0;
/** fast-check takes one of 32 bits. */
const seed = Number(values.seed) | 0;

function printFrequent(reasons: Map<string, number>): void {
  const frequent = [...reasons].toSorted(([, a], [, b]) => b - a).slice(0, 12);
  for (const [reason, count] of frequent) console.log(`  ${String(count).padStart(7)}  ${reason}`);
}

for (const mode of ['json', 'advanced'] as const) {
  for (const side of half > 0 ? (['parent', 'child'] as const) : []) {
    const start = performance.now();
    const { messages, victims, violations, reasons } = await fuzz(side, mode, half);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(
      `${mode}, to the ${side}: ${messages} messages, ${victims} sessions, ${violations} ended, ${seconds} s`,
    );
    printFrequent(reasons);
  }
  const { envelopes, children, ended } = await fuzzEnvelopes(mode, Math.ceil(half / 10));
  console.log(`${mode}, of several instances: ${envelopes} envelopes, ${children} children, ${ended} ended`);
  const start = performance.now();
  const { values: crossed, arrived, refused } = await fuzzHonest(mode, half / 50);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${mode}, between honest sides: ${crossed} values, ${arrived} arrived, ${refused} refused, ${seconds} s`);
  if (half === 0) continue;
  console.log(`${mode}, sockets that are reset on their way:`);
  printFrequent(await fuzzHandles(mode, Math.min(Math.ceil(half / 50), 2000)));
}
for (const mode of bytes > 0 ? (['json', 'advanced'] as const) : []) {
  const start = performance.now();
  const attacks = await fuzzBytes(mode, bytes, seed);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${mode}, bytes, seed ${seed}: ${attacks.attacks} attacks of ${attacks.bytes} bytes, ${attacks.alive} sessions went on, ` +
      `${(attacks.memory / 1e6).toFixed(0)} MB at most, ${seconds} s`,
  );
  printFrequent(attacks.reasons);
  const { payloads, messages, memory } = fuzzPayloads(mode, 100 * bytes, seed);
  console.log(
    `${mode}: ${payloads} damaged messages, ${messages} still readable, ${(memory / 1e6).toFixed(1)} MB at most`,
  );
}
if (frames > 0) {
  const host = await fuzzHost(frames, seed);
  console.log(
    `to a host, seed ${seed}: ${host.frames} frames, ${host.sessions} sessions, ${host.started} instances, ${host.calls} honest calls, ` +
      `${(host.memory / 1e6).toFixed(0)} MB at most`,
  );
  const client = await fuzzClient(Math.ceil(frames / 300), seed);
  console.log(
    `to a client, seed ${seed}: ${client.frames} frames, ${client.instances} instances, of which ${client.made} were made, ` +
      `${client.calls} honest calls, ${(client.memory / 1e6).toFixed(0)} MB at most`,
  );
  printFrequent(client.reasons);
}
console.log('Nothing was thrown, stayed open or was changed for everybody.');
