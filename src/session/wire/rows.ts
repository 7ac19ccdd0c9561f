import { ProtocolError } from '../../errors.js';
import type { CallbackInvoke, CallbackResult, CallInvoke, CallResult, LoneRow, Message } from '../../protocol.js';
import { isId, isString } from '../../field-checks.js';

/** The kinds of rows in a batch, by their numbers in the protocol. */
const MESSAGE = 0;
const CALL = 1;
const RESULT = 2;
const EMPTY_RESULT = 3;
const INVOKE = 4;
const INVOKED = 5;
const EMPTY_INVOKED = 6;
const INVOKE_AGAIN = 7;

/** Tells a row that travels alone from an array of the user's. */
const MARK = 'procxy';

/**
 * Adds the row of a call or an answer. Returns `false` if the message is another one, or has fields that no row carries.
 * @param invoked the function that the row before has called
 */
function addRow(rows: unknown[], message: Message, invoked?: string): boolean {
  if (message.type === 'call-invoke' && !message.coded && !message.target && !message.trace) {
    rows.push(CALL, message.callId, message.method, message.args);
  } else if (message.type === 'call-result' && !message.coded && message.result !== 'error') {
    if (message.value === undefined) rows.push(EMPTY_RESULT, message.callId);
    else rows.push(RESULT, message.callId, message.value);
  } else if (message.type === 'callback-invoke' && !message.coded && !message.trace) {
    const { callbackId, invokeId, args } = message;
    if (callbackId === invoked) rows.push(INVOKE_AGAIN, invokeId, args);
    else rows.push(INVOKE, invokeId, callbackId, args);
  } else if (message.type === 'callback-result' && !message.coded && message.result !== 'error') {
    if (message.value === undefined) rows.push(EMPTY_INVOKED, message.invokeId);
    else rows.push(INVOKED, message.invokeId, message.value);
  } else return false;
  return true;
}

/** Makes the row of a call or an answer that is written by itself. Returns `undefined` for other messages. */
export function loneRowOf(message: Message): LoneRow | undefined {
  const row: LoneRow = [MARK];
  return addRow(row, message) ? row : undefined;
}

export function isLoneRow(message: object): message is LoneRow {
  return Array.isArray(message) && message[0] === MARK;
}

/** Makes the rows of a batch. */
export function rowsOf(messages: readonly Message[]): unknown[] {
  const rows: unknown[] = [];
  let invoked: string | undefined;
  for (const message of messages) {
    if (!addRow(rows, message, invoked)) rows.push(MESSAGE, message);
    else if (message.type === 'callback-invoke') invoked = message.callbackId;
  }
  return rows;
}

/** Messages with a compact row. Reading the row checks it. */
export type RowMessage = CallInvoke | CallResult | CallbackInvoke | CallbackResult;

export interface RowReader {
  /** Called for a message in object form, which is not checked yet. */
  message(message: unknown): void;
  row(message: RowMessage): void;
}

/**
 * @param start where the first row begins
 * @throws {ProtocolError} at the first malformed row, after reading the rows before it
 */
export function readRows(rows: readonly unknown[], { message, row }: RowReader, start = 0): void {
  let invoked: unknown;
  for (let at = start; at < rows.length;) {
    const kind = rows[at++];
    if (kind === MESSAGE) {
      message(rows[at++]);
      continue;
    }
    const id = rows[at++] as number;
    if (!isId(id)) throw malformed('id');
    if (kind === CALL) {
      row({ type: 'call-invoke', callId: id, method: text(rows[at++]), args: list(rows[at++]) });
    } else if (kind === RESULT) row({ type: 'call-result', callId: id, result: 'success', value: rows[at++] });
    else if (kind === EMPTY_RESULT) row({ type: 'call-result', callId: id, result: 'success' });
    else if (kind === INVOKE || kind === INVOKE_AGAIN) {
      if (kind === INVOKE) invoked = rows[at++];
      row({ type: 'callback-invoke', invokeId: id, callbackId: text(invoked), args: list(rows[at++]) });
    } else if (kind === INVOKED) row({ type: 'callback-result', invokeId: id, result: 'success', value: rows[at++] });
    else if (kind === EMPTY_INVOKED) row({ type: 'callback-result', invokeId: id, result: 'success' });
    else throw malformed('kind');
  }
}

/** @throws {ProtocolError} if it is malformed */
export function readLoneRow(row: LoneRow, reader: RowReader): void {
  readRows(row, reader, 1);
}

function text(field: unknown): string {
  if (!isString(field)) throw malformed('name');
  return field;
}

function list(field: unknown): unknown[] {
  if (!Array.isArray(field)) throw malformed('args');
  return field as unknown[];
}

function malformed(field: string): ProtocolError {
  return new ProtocolError(`The ${field} of a row in a batch is malformed.`);
}
