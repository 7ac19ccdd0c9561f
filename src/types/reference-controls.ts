/**
 * The members that every reference has.
 *
 * @example
 * ```ts
 * const statement = await db.prepare('SELECT 1');
 * try {
 *   await statement.all();
 * } finally {
 *   statement.$release();
 * }
 * ```
 */
export interface ReferenceControls extends AsyncDisposable, Disposable {
  /** Reads a property of the object in the other process. */
  $get(name: string): Promise<unknown>;
  /**
   * Releases the object before the garbage collector does. Calling its methods then throws a {@link TerminatedError}. `using` does
   * the same. Returns whether the object was still held.
   */
  $release(): boolean;
}
