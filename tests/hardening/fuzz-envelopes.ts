import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { isLoneRow, readLoneRow } from '../../src/session/wire/rows.js';
import { MuxChannel } from '../../src/channel/mux-channel.js';
import { ProtocolError } from '../../src/errors.js';
import type { SerializationMode } from '../../src/types/serializable.js';
import { fingerprint, noteEscapes, turn } from './escapes.js';
import { anyMessage } from './messages.js';
import { Victim } from './victim.js';

/** How many instances the hostile child has. */
const INSTANCES = 3;

export interface EnvelopeReport {
  envelopes: number;
  children: number;
  /** How many of them were ended. */
  ended: number;
}

const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: INSTANCES }) },
  fc.constantFrom<unknown>(0, -1, 4, 1e9, 1.5, '1', '__proto__', null, undefined, [1], { valueOf: 1 }),
);
const anyEnvelope = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('instance-message'),
      instance: number,
      message: fc.oneof({ weight: 8, arbitrary: anyMessage('parent') }, fc.constantFrom<unknown>(null, 5, 'text', [])),
    }),
  },
  fc.record({ type: fc.constantFrom('instance-end', 'instance-open'), instance: number }),
);

/**
 * Sends random envelopes to the parent's end of a channel with several instances, until one is a violation or all were sent.
 * @throws with the smallest sequence that was found, when anything else is thrown, a call stays open, or an instance of another child
 *   is touched
 */
export async function fuzzEnvelopes(mode: SerializationMode, envelopes: number): Promise<EnvelopeReport> {
  const report: EnvelopeReport = { envelopes: 0, children: 0, ended: 0 };
  const escapes = noteEscapes();
  const pristine = fingerprint();
  const sequence = fc.array(anyEnvelope, { minLength: 1, maxLength: 60, size: 'max' });
  const attack = fc.asyncProperty(sequence, fc.nat(1000), async (list, kind) => {
    const [hostile, neighbour] = [childWith(INSTANCES, mode, kind), childWith(1, mode, kind)];
    report.children++;
    for (const [index, each] of list.entries()) {
      report.envelopes++;
      if (hostile.receive(each)) break;
      if (index % 8 === 7) await turn();
    }
    await turn();
    if (hostile.isEnded) report.ended++;
    if (neighbour.isEnded) throw new Error('another child was ended');
    // After this pause, it does not travel in a batch.
    await sleep(2);
    const echoed = neighbour.victims[0]?.echo('whole');
    neighbour.receive({ type: 'instance-message', instance: 1, message: answerTo(neighbour.lastCall(), 'whole') });
    if ((await Promise.race([echoed, sleep(10_000, 'late', { ref: false })])) !== 'whole')
      throw new Error('a call of another child was changed');
    for (const { victims } of [hostile, neighbour]) for (const victim of victims) await victim.end();
    await turn();
    escapes.check();
    if (fingerprint() !== pristine) throw new Error('a global was changed');
  });
  try {
    while (report.envelopes < envelopes) await fc.assert(attack, { numRuns: 20, endOnFailure: false });
  } finally {
    escapes.stop();
  }
  return report;
}

interface Child {
  readonly victims: Victim[];
  readonly isEnded: boolean;
  /** Returns whether it was a violation. */
  receive(envelope: unknown): boolean;
  lastCall(): number;
}

/** The parent's side of a child with several instances. */
function childWith(count: number, mode: SerializationMode, kind: number): Child {
  let isEnded = false;
  let lastCall = 0;
  const mux = new MuxChannel({
    send(sent) {
      const { message } = sent as { message?: object };
      if (!message || !isLoneRow(message)) return;
      readLoneRow(message, {
        message: () => {},
        row: (each) => (lastCall = each.type === 'call-invoke' ? each.callId : lastCall),
      });
    },
  });
  const victims = Array.from({ length: count }, () => new Victim(mode, 'parent', kind, mux.open()));
  return {
    victims,
    get isEnded() {
      return isEnded || victims.some(({ violation }) => violation);
    },
    receive(envelope) {
      try {
        const { message } = envelope as { message?: unknown };
        const victim = victims[Number((envelope as { instance?: unknown }).instance) - 1] ?? (victims[0] as Victim);
        const restored = typeof message === 'object' && message ? victim.restore(victim.textOf(message)) : message;
        mux.receive({ ...(envelope as object), message: restored });
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        isEnded = true;
      }
      return this.isEnded;
    },
    lastCall: () => lastCall,
  };
}

function answerTo(callId: number, value: unknown): object {
  return { type: 'call-result', callId, result: 'success', value };
}
