import * as fc from 'fast-check';
import type { SerializationMode } from '../../src/types/serializable.js';
import { ProtocolError } from '../../src/errors.js';
import { fingerprint, noteEscapes, turn } from './escapes.js';
import { anyMessage } from './messages.js';
import { Victim, type Side } from './victim.js';

/** So many messages at most go to one victim. */
const MOST = 200;

export interface FuzzReport {
  messages: number;
  victims: number;
  /** How many of them were sent something that ended it. */
  violations: number;
  /** The reasons, with how often each was seen. */
  reasons: Map<string, number>;
}

/**
 * Sends so many random messages to victims of one side and mode, until each has ended the other side or all were sent.
 * @throws with the smallest sequence that was found, when anything is thrown, stays open or is changed for everybody
 */
export async function fuzz(side: Side, mode: SerializationMode, messages: number, seed?: number): Promise<FuzzReport> {
  const report: FuzzReport = { messages: 0, victims: 0, violations: 0, reasons: new Map() };
  const escapes = noteEscapes();
  const pristine = fingerprint();
  const sequence = fc.array(anyMessage(side), { minLength: 1, maxLength: MOST, size: 'max' });
  const attack = fc.asyncProperty(sequence, fc.nat(1000), async (list, kind) => {
    const victim = new Victim(mode, side, kind);
    report.victims++;
    for (const [index, message] of list.entries()) {
      victim.receive(message);
      report.messages++;
      // What comes after it is not looked at.
      if (victim.violation) break;
      if (index % 8 === 7) await turn();
    }
    await turn();
    const settled = await Promise.race([victim.end(), later('open calls did not settle')]);
    await turn();
    if (typeof settled === 'string') throw new Error(settled);
    escapes.check();
    if (fingerprint() !== pristine) throw new Error('a global was changed');
    const { violation } = victim;
    if (!violation) return;
    if (!(violation instanceof ProtocolError) || violation.message === '')
      throw new Error('a violation without reason');
    report.violations++;
    const reason = violation.message.replace(/\d+|'[^']*'|[0-9a-f]{8}-\S+/g, '…').slice(0, 60);
    report.reasons.set(reason, (report.reasons.get(reason) ?? 0) + 1);
  });
  try {
    while (report.messages < messages) {
      await fc.assert(attack, {
        numRuns: Math.min(100, Math.ceil(messages / 15)),
        endOnFailure: false,
        ...(seed !== undefined && { seed: seed + report.victims }),
      });
    }
  } finally {
    escapes.stop();
  }
  return report;
}

function later(value: string): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, 10_000, value).unref());
}
